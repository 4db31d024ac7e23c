# frozen_string_literal: true

# An application whose engines are opened while it is loaded: with preload_app!
# that is in the master, before it forks its workers.

root = File.expand_path("../../..", __dir__)
$LOAD_PATH.unshift(File.join(root, "bindings", "ruby", "lib"), File.join(root, "tests", "ledger"))

require "json"
require "work"

stores = Store.open_all
stores.each(&:work)

run(lambda do |_environment|
  body = JSON.generate(pid: Process.pid, steps: stores.map(&:work))
  [200, { "content-type" => "application/json" }, [body]]
end)
