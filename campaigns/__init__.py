"""The heart of Fanfare: what a trigger, a recipe, a run and a step are, and what happens to them.

Starts nothing and serves nothing; `service`, `workers` and `cli` do. Read from the bottom up:

- words:  `errors`, `states`, `wishes`, `model`, `tracing`
- rules:  `keys`, `retry`, `lanes`, `recipes`, `signing`, then `plan`, `progress`, `ghosts`, `parking`, `drift`,
          `health` and `forecast` (what a plan would ask of HubSpot): no I/O, no clock, no environment
- edges:  `settings`, `observe`, `queue`, `quota`, `hubspot`, `embedded`, then `store` and `outbound`, then `sweep`
          and `access`
- and     `ending`: how what runs beside something is stopped
"""
