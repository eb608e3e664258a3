"""HubSpot's marketing campaigns API, from our side. Knows nothing of runs, portals or Redis.

Read from the bottom up: `types` (what HubSpot tells), `wire` (requests to build, answers to read, what an answer
means), `properties` and `asset_types` (what can be said before a call), `batch` (whose result is whose), `index` and
`walk` (what is there, and when "not there" may be said), `tokens`, `verbs` (each operation as a method), `client` (the
one that does I/O). docs/hubspot.md has the operations in a table.
"""
