# frozen_string_literal: true

# Forks children that work with the engines of their parent: children.rb CASE COUNT.

ROOT = File.expand_path("../../..", __dir__)
$LOAD_PATH.unshift(File.join(ROOT, "bindings", "ruby", "lib"), File.join(ROOT, "tests", "ledger"))

require "fiber"
require "work"

# Forks, and waits for what it has forked.
class Children
  # Seconds that a child has.
  DEADLINE = 5.0

  def initialize(stores, count)
    @stores = stores
    @count = count
  end

  # Children of a parent that rests.
  def calm
    @count.times { |number| finish(child(number) { work }) }
  end

  # Children of a parent whose threads are at work.
  def busy
    traffic { calm }
  end

  # Forked in a fiber, and at work in the same fiber and in others.
  def fiber
    @count.times do |number|
      pid = Fiber.new { child(number) { work_in_fibers } }.resume
      finish(pid)
    end
  end

  # Forked by a thread, and at work in that one and in others.
  def thread
    Thread.new do
      @count.times { |number| finish(child(number) { work_in_threads }) }
    end.join
  end

  # Daemons, which close what they have not made.
  def daemon
    [@count / 10, 1].max.times do
      ours, theirs = IO.pipe
      finish(child(0) { become_daemon(theirs) })
      theirs.close
      raise "the daemon did not do its work" unless ours.read(1) == "d"

      ours.close
    end
  end

  # Other programs, started in every way that Ruby knows.
  def programs
    traffic do
      @count.times do
        raise "system" unless system("true")
        raise "backquotes" unless `echo said` == "said\n"
        raise "popen" unless IO.popen(%w[echo said], &:read) == "said\n"

        finish(Process.spawn("true"))
        finish(child(0) { exec("true") })
        work
      end
    end
  end

  def work = @stores.each(&:work)

  private

  def work_in_fibers
    work
    3.times { Fiber.new { work }.resume }
  end

  def work_in_threads
    work
    Array.new(4) { Thread.new { work } }.each(&:join)
  end

  def become_daemon(report)
    work
    Process.daemon(false, true)
    hang = Thread.new { sleep(20) && exit!(1) } # nobody waits for it
    work
    report.write("d")
    hang.kill
  end

  # Every other child ends as Ruby ends, with its finalizers.
  def child(number)
    $stdout.flush
    fork do
      yield
      exit!(0) if number.even?
    rescue StandardError => e
      warn "child #{Process.pid}: #{e.full_message}"
      exit!(1)
    end
  end

  # Four threads at work in the parent, two on each store.
  def traffic
    stopping = false
    threads = (@stores * 2).map { |store| Thread.new { store.work until stopping } }
    yield
  ensure
    stopping = true
    threads.each(&:join)
  end

  def finish(pid)
    ended = Process.detach(pid)
    return if ended.join(DEADLINE) && ended.value.success?

    show(pid) if ended.alive?
    Process.kill(:KILL, pid) if ended.alive?
    abort "child #{pid} #{ended.value}"
  end

  # Where each thread of a child stands that hangs.
  def show(pid)
    Dir.glob("/proc/#{pid}/task/*").each do |task|
      values = %w[comm wchan syscall].map { |name| "#{name}=#{File.read(File.join(task, name)).strip}" }
      warn "process #{pid}, thread #{File.basename(task)}: #{values.join(" ")}"
    end
  end
end

stores = Store.open_all
children = Children.new(stores, Integer(ARGV.fetch(1)))
children.work
children.public_send(ARGV.fetch(0))
children.work
stores.each { |store| store.engine.close }
