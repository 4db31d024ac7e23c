# frozen_string_literal: true

# Tasker Core: a workflow engine in one shared library, from Ruby.
#
#     require "tasker_core"
#
#     TaskerCore::Engine.open("tasks.sqlite3") do |engine|
#       engine.template_load(directory: "config/tasks")
#       engine.task_create(name: "order", context: { order_id: 7 })
#     end
#
# Requiring this file loads nothing native and starts nothing; the library is
# loaded by the first open.
module TaskerCore
end

require_relative "tasker_core/version"
require_relative "tasker_core/operations"
require_relative "tasker_core/errors"
require_relative "tasker_core/engine"
