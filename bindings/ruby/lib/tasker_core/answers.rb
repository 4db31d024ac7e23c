# frozen_string_literal: true

require "io/wait"
require "json"
require_relative "errors"
require_relative "native"

module TaskerCore
  # Submits requests and waits for their answers by Ruby's own means, so that
  # Ctrl-C, Timeout and Thread#kill end a wait at once, and a fiber scheduler runs
  # other fibers meanwhile.
  #
  # One of the threads or fibers that wait, the leader, waits for the engine's
  # wake descriptor and takes the answers of all; the others wait for the leader.
  class Answers
    # Answers that are taken in one native call.
    CAPACITY = 64

    # Seconds after which a follower looks for itself: a leader that is interrupted
    # twice in the same moment cannot resign.
    LOOK = 1.0

    # How often, and for how many seconds each time, an interrupted wait is ended:
    # the library may not have begun to wait.
    ENDINGS = 20
    ENDING = 0.05

    def initialize(library, handle)
      @library = library
      @handle = handle
      @memory = FFI::MemoryPointer.new(Native::Completion, CAPACITY)
      @completions = Array.new(CAPACITY) { |i| Native::Completion.new(@memory + (i * Native::Completion.size)) }
      @count = FFI::MemoryPointer.new(:size_t)
      @beginning = Thread::Mutex.new # held while a process begins; Ruby lets go of it in a child
      begin_process
    end

    # Submits a request and waits; answers its status and reply. With a block the
    # request is one that waits in the library as well: when the caller is
    # interrupted it is ended there too, and the block gets its answer.
    #
    # Thread#kill and the like are let in only while it waits, so that no answer is
    # lost between its arrival and the caller. The mask is the thread's: fibers of a
    # scheduler do without.
    def perform(number, body, &late)
      return exchange(number, body, &late) if Fiber.current_scheduler

      Thread.handle_interrupt(Object => :on_blocking) do
        answer = exchange(number, body, &late)
        yield answer if late && Thread.pending_interrupt?
        answer
      end
    end

    # The same for many requests, given by number and body, which are submitted
    # together; answers status and reply of each. A caller that is interrupted
    # abandons the answers, not the operations.
    def perform_many(requests)
      return exchange_many(requests) if Fiber.current_scheduler

      Thread.handle_interrupt(Object => :on_blocking) { exchange_many(requests) }
    end

    # Ends waiting for good. Those who wait have some seconds to get their answers,
    # then they get ClosedError.
    def close(seconds)
      @closed = true
      return if @process != Process.pid

      deadline = now + seconds
      @mutex.synchronize { @changed.wait(@mutex, ENDING) until @replies.empty? || now > deadline }
      # The descriptor stays open, it is the engine's; threads that wait for it get IOError.
      @io&.close
    end

    private

    def exchange(number, body, &late)
      begin_once if @process != Process.pid
      ticket = submit(number, body)
      await(ticket)
    ensure
      abandon(ticket, &late) if ticket && @replies.key?(ticket)
    end

    def exchange_many(requests)
      begin_once if @process != Process.pid
      tickets = submit_many(requests)
      tickets.map { |ticket| await(ticket) }
    ensure
      tickets&.each { |ticket| @replies.delete(ticket) }
    end

    # Threads may make the first calls of a child at once. Whoever came second would
    # throw away what the first has submitted.
    def begin_once
      @beginning.synchronize { begin_process if @process != Process.pid }
    end

    # The state of this process. A forked child begins anew: the threads that
    # waited are its parent's. The process is noted last, when the rest is there.
    def begin_process
      @mutex = Thread::Mutex.new # guards the fields below; held for moments only
      @changed = Thread::ConditionVariable.new # answers came, or the leader resigned
      @replies = {} # by ticket: :awaited, or status and text
      @leader = nil # the fiber that waits for the descriptor
      @settled = 0 # how many of the last collected answers were dealt out
      @process = Process.pid
    end

    def submit(number, body)
      start(1) { |ticket, reply| @library.submit(@handle, number, body, body.bytesize, ticket, reply) }.first
    end

    # Starts all or none; answers the tickets.
    def submit_many(requests)
      bodies = FFI::MemoryPointer.from_string(requests.map(&:last).join)
      address = bodies.address
      submissions = requests.map do |number, body|
        [number, address, body.bytesize].pack(Native::SUBMISSION).tap { address += body.bytesize }
      end
      start(requests.size) do |ticket, reply|
        @library.submit_many(@handle, submissions.join, requests.size, ticket, reply)
      end
    ensure
      bodies&.free
    end

    # The block submits. The lock is held until the tickets are noted, for the leader
    # forgets answers that nobody waits for.
    def start(count)
      ticket = FFI::MemoryPointer.new(:uint64)
      @mutex.synchronize do
        raise ClosedError, "the engine is closed" if @closed

        @io ||= IO.for_fd(wake_fd, "r", autoclose: false)
        status, text = @library.reply { |reply| yield ticket, reply }
        raise Error.from_reply(status, JSON.parse(text)) unless status.zero?

        first = ticket.read_uint64
        (first...(first + count)).each { |number| @replies[number] = :awaited }
      end
    end

    def wake_fd
      number = FFI::MemoryPointer.new(:int32)
      status = @library.wake_fd(@handle, number)
      raise Error.from_reply(status) unless status.zero?

      number.read_int32
    end

    # Waits for an answer and takes it; nil after the deadline.
    def await(ticket, deadline = nil)
      until come?(ticket)
        left = deadline && (deadline - now)
        return if left&.negative?

        lead_or_follow(ticket, left)
      end
      @replies.delete(ticket)
    rescue IOError
      raise ClosedError, "the engine was closed while the call was under way"
    end

    def come?(ticket) = @replies[ticket] != :awaited

    def lead_or_follow(ticket, left)
      mine = false
      @mutex.synchronize do
        return if come?(ticket)
        return follow(left) if @leader&.alive?

        mine = true
        @leader = Fiber.current
      end
      gather if @io.wait_readable(left)
    ensure
      resign if mine
    end

    def resign
      @leader = nil
      @mutex.synchronize { @changed.broadcast }
    end

    # The caller holds the lock.
    def follow(left)
      started = now
      @changed.wait(@mutex, [left, LOOK].compact.min)
      deal if now - started >= LOOK
    end

    def gather
      @mutex.synchronize { deal }
    end

    # Takes the answers that are there and deals them out. The caller holds the
    # lock. An interrupt in the midst loses nothing: what was collected is dealt
    # out on the way out.
    def deal
      loop do
        @count.write(:size_t, 0)
        @settled = 0
        status = @library.collect(@handle, @memory, CAPACITY, @count)
        raise Error.from_reply(status) unless status.zero?

        settle
        break if @count.read(:size_t) < CAPACITY
      end
    ensure
      settle
    end

    def settle
      while @settled < @count.read(:size_t)
        completion = @completions[@settled]
        ticket = completion[:ticket]
        if @replies[ticket] == :awaited
          @replies[ticket] = [completion[:status], @library.text(completion[:reply])]
        end
        @library.buffer_free(completion[:reply])
        @settled += 1
      end
    end

    # Forgets a request whose caller was interrupted.
    def abandon(ticket)
      return if @closed || !block_given?

      answer = nil
      ENDINGS.times do
        @library.interrupt(@handle)
        break if (answer = await(ticket, now + ENDING))
      end
      yield answer if answer
    ensure
      @replies.delete(ticket)
    end

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
end
