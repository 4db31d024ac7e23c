# frozen_string_literal: true

require_relative "helper"

# Where the library is found, and that the tables are the library's.
class TestNative < EngineTest
  HEADER = File.read(File.join(ROOT, "include", "tasker_core.h"))

  def test_the_table_is_that_of_the_header
    numbers = HEADER.scan(/^#define TASKER_OP_(\w+) (\d+)$/).to_h { |name, number| [name.downcase.to_sym, number.to_i] }
    assert_equal numbers, TaskerCore::OPERATIONS.transform_values(&:number)
  end

  def test_errors_stand_in_the_order_of_the_header
    codes = HEADER.scan(/^#define TASKER_E_(\w+) (\d+)$/).map { |name, number| [number.to_i, name.downcase] }
    assert_equal codes, TaskerCore::ERRORS.keys.each.with_index(1).map { |code, status| [status, code] }
    TaskerCore::ERRORS.each { |code, name| assert_equal code, TaskerCore.const_get(name)::CODE }
  end

  def test_every_operation_is_a_function_of_the_library_and_a_method
    library = TaskerCore::Native.load
    TaskerCore::OPERATIONS.each do |name, operation|
      assert library.operation(name, operation.kind)
      assert_includes TaskerCore::Engine.instance_methods(false), name
    end
  end

  def test_an_operation_that_the_library_lacks_would_be_seen
    error = assert_raises(LoadError) { TaskerCore::Native.load.operation(:task_dance, :database) }
    assert_match "tasker_task_dance", error.message
  end

  def test_every_other_function_of_the_header_is_declared
    functions = HEADER.scan(/^TASKER_API [^;(]*\btasker_(\w+)\(/).flatten.map(&:to_sym)
    assert_equal functions.sort, (TaskerCore::Native::FUNCTIONS.keys + TaskerCore::OPERATIONS.keys).sort
  end

  def test_widths_are_those_of_the_header
    assert_equal [16, 32], [TaskerCore::Native::Buffer.size, TaskerCore::Native::Completion.size]
    assert_equal 24, [1, 2, 3].pack(TaskerCore::Native::SUBMISSION).bytesize
    assert_equal HEADER[/^#define TASKER_ABI_VERSION (\d+)$/, 1].to_i, TaskerCore::Native::ABI_VERSION
  end

  def test_a_library_that_is_not_there_is_named_with_ways_out
    said = said_by(<<~RUBY)
      ENV["TASKER_CORE_LIBRARY"] = "/nowhere/lib.so"
      begin
        TaskerCore::Engine.open(ARGV[0])
      rescue TaskerCore::LibraryLoadError => e
        puts e.code, e.message.lines.size, e.details["tried"].first[0, 15], e.remedy.include?("make lib")
      end
    RUBY
    assert_equal "library\n2\n/nowhere/lib.so\ntrue\n", said
  end

  def test_a_library_of_another_version_is_refused
    source = File.join(@folder, "other.c")
    names = TaskerCore::Native::FUNCTIONS.keys - [:abi_version]
    File.write(source, "unsigned tasker_abi_version(void) { return 99; }\n" \
                       "#{names.map { |name| "int tasker_#{name}(void) { return 16; }\n" }.join}")
    library = File.join(@folder, "other.so")
    assert system("cc", "-shared", "-fPIC", "-o", library, source)
    said = said_by(<<~RUBY, library)
      ENV["TASKER_CORE_LIBRARY"] = ARGV[1]
      begin
        TaskerCore::Engine.open(ARGV[0])
      rescue TaskerCore::LibraryLoadError => e
        puts e.message[/version \\d+, this package needs \\d+/]
      end
    RUBY
    assert_equal "version 99, this package needs 0\n", said
  end
end
