"""The state machine's steps with tags: they come and go in any state, and end with what they hang on."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from havip.models import Tag
from tests.havip.machine import ANY, Ground

MOST = 20
VALUES = st.sampled_from(["", "x", "y"])
TAGS = st.dictionaries(st.sampled_from([f"k{number}" for number in range(30)]), VALUES, max_size=14)
KINDS = {"havip": "havips", "instance": "nodes", "eip": "eips"}


class TagSteps(Ground):
    """Tags of HaVips, instances and EIPs."""

    def _some(self, kind: str, which: int, other: int) -> list[str]:
        """Return one or two resources of a kind that are in this region."""
        things: dict[str, Any] = getattr(self.model, KINDS[kind])
        here = [key for key in things if key != self.world.far_eip]
        return list(dict.fromkeys((here[which % len(here)], here[other % len(here)])))

    @precondition(lambda self: self.model.havips and self.model.nodes and self.model.eips)
    @rule(kind=st.sampled_from(list(KINDS)), which=ANY, other=ANY, tags=TAGS)
    def tag(self, kind: str, which: int, other: int, tags: dict[str, str]) -> None:
        some = self._some(kind, which, other)
        wanted = {key: {**self.model.tags.get(key, {}), **tags} for key in some}
        is_too_much = not tags or any(len(each) > MOST for each in wanted.values())
        outcome = self.attempt(
            "resource.tag",
            {"G3"} if is_too_much else set(),
            kind=kind,
            resource_ids=some,
            tags=tags,
        )
        if outcome is not None:
            self.model.tags |= wanted

    @precondition(lambda self: self.model.havips and self.model.nodes and self.model.eips)
    @rule(kind=st.sampled_from(list(KINDS)), which=ANY, other=ANY, tags=TAGS, every=st.booleans())
    def untag(self, kind: str, which: int, other: int, tags: dict[str, str], every: bool) -> None:
        some, keys = self._some(kind, which, other), list(tags)
        outcome = self.attempt(
            "resource.untag",
            set() if keys or every else {"G3"},
            kind=kind,
            resource_ids=some,
            keys=keys,
            all_keys=every,
        )
        if outcome is not None:
            for key in some:
                had = self.model.tags.get(key, {})
                self.model.tags[key] = {
                    name: value for name, value in had.items() if keys and name not in keys
                }

    @invariant()
    def tags_are_as_the_model_says(self) -> None:
        found: dict[str, dict[str, str]] = {}
        rows = Tag.objects.values_list(
            "key",
            "value",
            "havip__resource_id",
            "instance__resource_id",
            "eip__resource_id",
        )
        for key, value, *bearers in rows:
            found.setdefault(next(filter(None, bearers)), {})[key] = value
        there = {*self.model.havips, *self.model.nodes, *self.model.eips}
        assert found == {
            key: tags for key, tags in self.model.tags.items() if tags and key in there
        }
