# frozen_string_literal: true

bind "tcp://127.0.0.1:#{ENV.fetch("HOST_PORT")}"
workers 2
threads 2, 2
raise_exception_on_sigterm false

# preload: the master loads the application and forks both workers.
# fork_worker: worker 0 loads it, serves, and forks worker 1 from itself.
ENV.fetch("HOST_MODE") == "preload" ? preload_app! : fork_worker
