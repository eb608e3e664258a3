-- Tells what a verb came to when it was applied before, or false. ARGV: once, mark (prelude).
return applied_before(ARGV[1], ARGV[2]) or false
