from tests.cast import *
def test_a(world): 
    h = world.havip(world.ecs1, world.ecs2, eip=world.eip1)
    assert world.status(h) == "InUse"
def test_b(world): assert digest()
