"""The heart of Fanfare: what a trigger, a recipe, a run and a step are, and what happens to them.

Starts nothing and serves nothing; `service`, `workers` and `cli` do. Read from the bottom up:

- words:  `model`, `errors`
- rules:  `recipes`, `keys`, `retry`, `lanes`, then `plan` and `progress` (no I/O, no clock, no environment)
- edges:  `settings`, `observe`, `queue`, `quota`, `hubspot`, then `store`, `outbound` and `sweep`
"""
