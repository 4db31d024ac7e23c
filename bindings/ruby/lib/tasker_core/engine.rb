# frozen_string_literal: true

require "json"
require_relative "answers"
require_relative "errors"
require_relative "native"
require_relative "operations"

module TaskerCore
  # An open engine. Every operation of the library is a method of it, with the
  # fields of the request as keywords; the reply is a hash with text keys.
  #
  #     TaskerCore::Engine.open("tasks.sqlite3") do |engine|
  #       task = engine.task_create(name: "order", context: { order_id: 7 })
  #       engine.task_wait(task_id: task["task_id"])
  #     end
  #
  # Open one per database and share it: any thread and any fiber may call at any
  # time. Calls that wait are ended by Ctrl-C, Timeout and Thread#kill; inside a
  # fiber scheduler no call holds up the other fibers. What fails raises the
  # Error whose class belongs to the code.
  class Engine
    # What the operations that wait, wait for without wait_ms, in milliseconds, and
    # whether a reply has what they wait for.
    WAITS = {
      task_wait: [30_000, ->(reply) { !reply["timed_out"] }],
      step_claim: [0, ->(reply) { !reply["steps"].empty? }]
    }.freeze

    # Seconds that close gives to calls under way before it cuts them off.
    CLOSE = 5.0

    # The depth that JSON texts may have; the library refuses deeper ones.
    DEPTH = 512

    # What the library said at the open: store, place of the database, schema.
    attr_reader :opened

    # Opens an engine; with a block, closes it at the block's end.
    #
    # `url` names the database: a path, `sqlite:` and a path, or a PostgreSQL URL.
    # Without it the variable TASKER_DATABASE_URL is used, else the file
    # tasker.sqlite3 in the working directory. Other settings are keywords, with
    # hashes for their sections.
    def self.open(url = nil, **config)
      config[:database] = { **config.fetch(:database, {}), url: url.to_s } if url
      library = Native.load
      handle = FFI::MemoryPointer.new(:uint64)
      body = encode(config)
      status, text = library.reply { |reply| library.open(body, body.bytesize, handle, reply) }
      engine = new(library, handle.read_uint64, decode(status, text))
      return engine unless block_given?

      begin
        yield engine
      ensure
        engine.close
      end
    ensure
      # Interrupted after the library had opened it.
      release(library, handle.read_uint64) if engine.nil? && handle&.read_uint64&.positive?
    end

    # The request as JSON text. InvalidRequestError for what is not JSON.
    def self.encode(request)
      JSON.generate(request, max_nesting: DEPTH)
    rescue JSON::GeneratorError, JSON::NestingError, EncodingError => e
      raise InvalidRequestError, "the request cannot be written as JSON: #{e.message}"
    end

    # The reply as a hash, or the error that it tells.
    def self.decode(status, text)
      reply = text.empty? ? {} : JSON.parse(text, max_nesting: false)
      raise Error.from_reply(status, reply) unless status.zero?

      reply
    end

    # Closes a handle, from close and from the finalizer alike.
    def self.release(library, handle)
      library.reply { |reply| library.close(handle, "", 0, reply) }
    end

    # What the garbage collector and the end of the process call. It has nobody to
    # tell of an error.
    def self.finalizer(library, handle) = proc { release(library, handle) }

    private_class_method :new, :finalizer

    def initialize(library, handle, opened)
      @library = library
      @handle = handle
      @opened = opened
      @closed = false
      @interrupts = 0
      @answers = Answers.new(library, handle)
      ObjectSpace.define_finalizer(self, self.class.send(:finalizer, library, handle))
    end

    # Calls an operation by its name.
    def call(name, request = {})
      perform(name, operation(name), request.compact)
    end

    # Calls operations, given by name and request, which are submitted together and
    # run at the same time. Waits for all and answers their replies in the same
    # order; of one that failed, the Error.
    #
    #     engine.call_many([[:task_get, { task_id: 7 }], [:task_get, { task_id: 8 }]])
    #
    # When it raises, none was started, or the caller was interrupted.
    def call_many(calls)
      perform_many(calls.map { |name, request| [operation(name), (request || {}).compact] })
    end

    OPERATIONS.each_key do |name|
      define_method(name) { |**request| call(name, request) }
    end

    # Ends the calls of other threads that wait, such as task_wait.
    def interrupt
      @interrupts += 1
      check @library.interrupt(@handle)
    end

    # Whether close was called.
    def closed? = @closed

    # Closes the engine; steps that its workers still hold are released. Calls under
    # way end with ClosedError. A second close does nothing.
    def close
      return if @closed

      @closed = true
      ObjectSpace.undefine_finalizer(self)
      @interrupts += 1
      @library.interrupt(@handle)
      @answers.close(CLOSE)
      status, text = self.class.release(@library, @handle)
      self.class.decode(status, text)
      nil
    rescue ClosedError, ForkedError
      nil
    end

    def inspect = "#<#{self.class} #{opened["location"] || opened["store"]}#{" (closed)" if closed?}>"

    private

    def operation(name) = OPERATIONS.fetch(name) { raise InvalidRequestError, "there is no operation #{name}" }

    def perform_many(calls)
      requests = calls.map { |operation, request| [operation.number, self.class.encode(request)] }
      @answers.perform_many(requests).map do |status, text|
        self.class.decode(status, text)
      rescue Error => e
        e
      end
    end

    # The one way of a single operation into the library.
    def perform(name, operation, request)
      return wait(name, operation, request) if operation.kind == :waits
      return submitted(operation, request) if operation.kind == :database && Fiber.current_scheduler

      body = self.class.encode(request)
      function = @library.operation(name, operation.kind)
      status, text = @library.reply { |reply| function.call(@handle, body, body.bytesize, reply) }
      self.class.decode(status, text)
    end

    def submitted(operation, request, &late)
      self.class.decode(*@answers.perform(operation.number, self.class.encode(request), &late))
    end

    # Repeats a wait that the end of another thread's wait has ended too.
    def wait(name, operation, request)
      default, came = WAITS.fetch(name)
      deadline = deadline(request.fetch(:wait_ms, default))
      interrupts = @interrupts
      loop do
        reply = attempt(operation, request) { interrupts != @interrupts || deadline.nil? }
        return reply if reply && (came.call(reply) || interrupts != @interrupts || deadline.nil?)

        left = [((deadline - now) * 1000).round, 0].max
        return reply if reply && left.zero?

        request = { **request, wait_ms: left }
      end
    end

    # One wait; nil when it was interrupted and the block does not say that the
    # caller is to know.
    def attempt(operation, request)
      submitted(operation, request) { |status, text| give_back(status, text) }
    rescue CallCancelledError
      raise ClosedError, "the engine was closed while the call was under way" if @closed

      raise if yield
    end

    # Nothing to repeat without a wait, or with one that the library will refuse.
    def deadline(wait_ms)
      now + (wait_ms / 1000.0) if wait_ms.is_a?(Integer) && wait_ms.positive?
    end

    # An interrupted claim may have got steps in the last moment.
    def give_back(status, text)
      return unless status.zero?

      steps = (self.class.decode(status, text)["steps"] || []).map { |step| step.slice("step_id", "epoch") }
      step_release(steps: steps) unless steps.empty?
    end

    def check(status)
      raise Error.from_reply(status) unless status.zero?
    end

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end
