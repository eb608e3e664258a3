-- wrk's part of `bench.load`: the same requests, a new key and subject in each.
local run = os.getenv("BENCH_RUN")
local key = os.getenv("BENCH_KEY")
local body = os.getenv("BENCH_BODY")
local headers = {["Authorization"] = "Bearer " .. key, ["Content-Type"] = "application/json"}
local number = 0

function request()
  number = number + 1
  local id = string.format("%s%08d", run, number)
  return wrk.format("POST", "/v1/triggers", headers, (string.gsub(body, "@", id)))
end

function done(summary)
  local refused = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write
    + summary.errors.timeout
  io.write(string.format('{"answers":%d,"refused":%d,"seconds":%f}\n', summary.requests, refused, summary.duration / 1e6))
end
