"""Everything in one: web, worker, scheduler and broker, started and watched by one supervisor."""
