/*
 * tasker_core.h: a workflow engine in one shared library.
 *
 * A task is a directed graph of steps. The engine creates tasks from templates,
 * says which steps may run, moves tasks and steps through their states, retries,
 * recovers from dead workers and reports. Your program runs the steps, in its
 * own language. Everything durable lies in a database: a file of the library's
 * own when nothing else is configured.
 *
 * This header is the whole interface and the only authority on it. What is not
 * written here may change without notice. Do not include headers that the build
 * generates, and do not bind symbols that do not start with tasker_.
 *
 *     tasker_engine engine;
 *     tasker_buffer reply;
 *     if (tasker_open(NULL, 0, &engine, &reply) != TASKER_OK) {
 *         fprintf(stderr, "%s\n", (const char *)reply.data);
 *     }
 *     tasker_buffer_free(&reply);
 *     tasker_engine_health(engine, NULL, 0, &reply);
 *     tasker_buffer_free(&reply);
 *     tasker_close(engine, NULL, 0, &reply);
 *     tasker_buffer_free(&reply);
 *
 * Chapters: 1 caveats, 2 requests and replies, 3 deadlines and waiting,
 * 4 types and limits, 5 status codes, 6 the library, 7 engines, 8 submit and
 * collect, 9 operations.
 *
 *
 * 1. CAVEATS, BEFORE ANYTHING ELSE
 *
 * START. Loading the library starts nothing: no thread, no signal handler. The
 * first call does, in a few milliseconds, and then sees the environment as it is.
 *
 * FORK. On Linux a process may fork at any time, from any thread, while others
 * are inside the library. The child goes on with the numbers it inherited: its
 * first call starts a runtime of its own (a few milliseconds), and an engine is
 * opened again, from the configuration it was opened with, by the first call
 * that names it. What was under way in the parent, calls, submitted requests and
 * leases, stays the parent's. The wake descriptor keeps its number and is the
 * child's own. The parent pays some milliseconds once, at its first fork. In the
 * child tasker_buffer_free frees buffers of the parent, too.
 *
 * An engine whose database is ":memory:", or that was opened with
 * {"fork": "error"}, answers TASKER_E_FORKED in a child, at once and without
 * starting anything. So does every function, with the reason, where the library
 * cannot be started again: on other systems than Linux, or where neither memory nor
 * a temporary folder takes a copy of the library that may be executed. Children
 * that are made by the raw system call clone are served as far as the loader lets
 * them; depth of forks in forks is limited to about thirty. The child must not
 * close descriptors of the parent's database file once it has called the library. A
 * child that was forked while another thread was inside dlopen should end by _exit:
 * exit can hang in the C library there, whether or not this one was ever called.
 * Programs started by posix_spawn, system or popen, or by vfork and exec, are not
 * affected. Do not overwrite the library's file in place; replacing or deleting it
 * is harmless. Another Go library in the process is dead in a child, as all of them
 * are: a call to it may never return there, and calls to this one go on beside it.
 *
 * UNLOADING. The library cannot be unloaded: it is marked so, and dlclose only
 * lowers a counter. Its threads sleep while no engine is open.
 *
 * SIGNALS. The library takes no asynchronous signal from your program: SIGINT,
 * SIGTERM, SIGHUP, SIGCHLD, SIGPIPE and their handlers stay as they are, and its
 * threads block them. Its first call installs handlers for SIGSEGV, SIGBUS,
 * SIGFPE and SIGURG, which treat what is not the library's as before. A blocked
 * call is not ended by a signal: your handler runs, and the call goes on. Use
 * tasker_interrupt (from another thread), a short timeout_ms, or chapter 8. While
 * a call is at work on the calling thread, signals to that thread wait: for some
 * microseconds, and for as long as it reads or writes if the database is a file
 * and no other call is under way. While it waits for a lock they are let in.
 *
 * THREADS. Every function may be called from any thread, with any engine, at any
 * time, also while the engine is closed by another thread. A call may come from a
 * fiber or a coroutine whose stack is not the thread's own, and needs some
 * kilobytes of it: the library has a stack of its own for each thread that calls,
 * which it releases when the thread ends. No function may be called from a signal
 * handler. The library never calls into your program.
 *
 * OUTPUT. The library writes nothing to standard output or error and changes
 * neither environment, limits, working directory nor locale. Logs are pulled,
 * with tasker_engine_logs_poll.
 *
 * ENVIRONMENT. tasker_open reads the variables that begin with TASKER_ as they
 * are at that moment; do not change the environment in another thread then.
 *
 * THE EMBEDDED FILE. Locks of an SQLite file belong to the process, not to the
 * program part that took them. If an SQLite of your program's own, in the same
 * process, opens or closes the same file, the engine's locks are passed over and
 * lost: rows are lost, or the process ends by SIGBUS. So the library owns its
 * file: open it from other processes, or with the operations below, never from
 * this one by other means. tasker_engine_health answers such an open as
 * foreign_opens, and the log tells of it. Do not put the file on a network file
 * system.
 *
 * TEXT. All text is UTF-8. Requests that are not are refused, with the offset.
 * Lengths are explicit; a request needs no NUL at its end. Every reply has one
 * after its last byte, not counted in its length.
 *
 * OWNERSHIP. What you pass in stays yours and is not read after the function
 * returned. What a function puts into a tasker_buffer is yours to release with
 * tasker_buffer_free, whatever the status was. Nothing else needs to be freed.
 *
 *
 * 2. REQUESTS AND REPLIES
 *
 * Every operation takes one JSON object and answers one JSON object. A request
 * of length 0 stands for {} and its pointer may then be NULL.
 *
 *   - Keys are snake_case. A key that the operation does not know is an error,
 *     as is a key given twice, or anything but white space after the object.
 *   - Absent and null mean the same, unless a field says otherwise.
 *   - Ids are integers. An instant is RFC 3339 text in UTC with microseconds,
 *     such as "2025-03-01T12:00:00.000000Z". A duration is an integer whose
 *     name ends in _ms or _seconds.
 *   - A list is {"items": [...], "next": cursor or null}.
 *   - Your own data (context, inputs, results, metadata) is any JSON. Key order
 *     and the text of numbers are kept.
 *   - A failed call replies {"error": {"code", "message", "details",
 *     "retryable"}}. The code says the same as the status. The details may have
 *     a path into the request, a remedy, a list of problems, ids, the present
 *     state. retryable tells whether the very same call can succeed later.
 *
 * The same operations, fields and errors exist in every language binding.
 *
 *
 * 3. DEADLINES AND WAITING
 *
 * Every request may carry "timeout_ms", the deadline of the whole call; without
 * it the call has 30 seconds. When it passes the call ends with
 * TASKER_E_TIMEOUT. The outcome of a write is then unknown; each writing
 * operation says why it is safe to repeat.
 *
 * A waiting call sleeps inside the library, so an interpreter must release its
 * lock around it. Requests with "wait_ms" wait for something to happen;
 * tasker_interrupt ends them all.
 *
 * A program with an event loop waits for tasker_wake_fd by its own means and then
 * calls what does not wait: tasker_collect, and tasker_step_claim without wait_ms.
 */
#ifndef TASKER_CORE_H
#define TASKER_CORE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define TASKER_API __attribute__((visibility("default")))
#else
#define TASKER_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * 4. TYPES AND LIMITS
 */

/*
 * The version of this interface, to be compared with tasker_abi_version() by
 * whoever loads the library at run time. It is the number in the library's
 * soname, libtasker_core.so.0. It changes when a program built against the
 * older header could break; new operations and new optional fields do not
 * change it. 0 stands for everything before the first stable release.
 */
#define TASKER_ABI_VERSION 0

/*
 * The longest request in bytes, 64 MiB. Beyond it a call answers
 * TASKER_E_LIMIT_EXCEEDED without reading the request.
 */
#define TASKER_REQUEST_MAX 67108864

/*
 * The most submitted requests of one engine that run or wait to be collected.
 * Beyond it tasker_submit and tasker_submit_many answer TASKER_E_LIMIT_EXCEEDED.
 */
#define TASKER_SUBMITTED_MAX 65536

/*
 * An open engine. A number, not a pointer: it is never 0, stays below 2^53 so
 * that every language can hold it exactly, and is never given out twice by one
 * process. A closed, forged or foreign number answers TASKER_E_CLOSED.
 */
typedef uint64_t tasker_engine;

/*
 * Memory that the library filled. `data` is NULL and `len` 0 when there is no
 * reply. Functions overwrite the buffer without looking at it: release what an
 * earlier call put there first.
 */
typedef struct tasker_buffer {
    uint8_t *data; /* len bytes, then one NUL that is not counted */
    size_t len;
} tasker_buffer;

/*
 * One request for tasker_submit_many. It stays the caller's, like the memory that
 * it points to, and may be used again as soon as the function has returned.
 */
typedef struct tasker_submission {
    uint32_t operation;     /* a TASKER_OP_ number */
    const uint8_t *request; /* as for the named function; may be NULL when request_len is 0 */
    size_t request_len;
} tasker_submission;

/*
 * The answer to one submitted request. The reply is the caller's to release.
 */
typedef struct tasker_completion {
    uint64_t ticket;     /* as given out by tasker_submit or tasker_submit_many */
    int32_t status;      /* TASKER_OK or a TASKER_E_ code */
    tasker_buffer reply; /* the operation's reply, or the error */
} tasker_completion;

/*
 * 5. STATUS CODES
 *
 * The class of a failure; the error object in the reply tells the rest. A caller
 * that meets a code it does not know should treat it as TASKER_E_INTERNAL.
 */

/* The call did what it says. */
#define TASKER_OK 0

/* The request itself is wrong: not JSON, an unknown key, a value out of range, a
 * NULL pointer. Repeating it cannot help. */
#define TASKER_E_INVALID_REQUEST 1

/* A thing that the request names does not exist. */
#define TASKER_E_NOT_FOUND 2

/* A transition lost a race, or is not legal from the present state. */
#define TASKER_E_CONFLICT 3

/* The thing exists already, and the request asked for an error in that case. */
#define TASKER_E_DUPLICATE 4

/* The caller no longer holds the step: it was recovered, cancelled or closed. */
#define TASKER_E_LEASE_LOST 5

/* The database lacks the tables, or a migration. */
#define TASKER_E_UNMIGRATED 6

/* The database is of another kind, or newer than this library. */
#define TASKER_E_INCOMPATIBLE_SCHEMA 7

/* The database cannot be reached, or cannot take the write now; or the operating
 * system refuses a thread or memory. Repeating can help. */
#define TASKER_E_UNAVAILABLE 8

/* The deadline passed. The outcome of a write is unknown. Repeating can help. */
#define TASKER_E_TIMEOUT 9

/* tasker_interrupt ended the call. */
#define TASKER_E_CANCELLED 10

/* A stated limit of size, depth, count or space. */
#define TASKER_E_LIMIT_EXCEEDED 11

/* The engine was closed, or the number never was an engine. */
#define TASKER_E_CLOSED 12

/* This process was forked, and what the parent had cannot be had here; the
 * message tells why. See chapter 1. */
#define TASKER_E_FORKED 13

/* This database or platform cannot do it. */
#define TASKER_E_UNSUPPORTED 14

/* The operating system or the database refuses access. */
#define TASKER_E_PERMISSION 15

/* A defect of the library. The engine dropped its caches and goes on; the full
 * text is in the log. */
#define TASKER_E_INTERNAL 16

/*
 * 6. THE LIBRARY
 */

/*
 * tasker_abi_version: the TASKER_ABI_VERSION that the library was built with.
 *
 * A program that loads the library at run time compares the two before any
 * other call and refuses to go on when they differ.
 *
 * Never blocks, never fails, needs no engine. Any thread; also in a forked child.
 */
TASKER_API uint32_t tasker_abi_version(void);

/*
 * tasker_build_info: what this library is, as one JSON object.
 *
 *   version   version of the project
 *   commit    the commit it was built from, or "unknown"
 *   go        version of the Go compiler
 *   abi       TASKER_ABI_VERSION
 *   platform  operating system and processor, such as "linux/amd64"
 *
 * The text ends with NUL, lives as long as the process and must not be freed.
 * Where the library cannot be started (TASKER_E_FORKED) it is {}.
 *
 * Never blocks, never fails, needs no engine. Any thread.
 */
TASKER_API const char *tasker_build_info(void);

/*
 * tasker_buffer_free: releases what the library put into a buffer.
 *
 * Sets the buffer to NULL and 0, so freeing it twice is harmless, as is a NULL
 * pointer or a buffer that was never filled but set to zero.
 *
 * The buffer must not be in use by another thread, and must have been filled by
 * the library: not by malloc, and not copied from another buffer that is freed
 * too. Never blocks. Any thread; also in a forked child, for the parent's
 * buffers; also after the engine was closed.
 */
TASKER_API void tasker_buffer_free(tasker_buffer *buffer);

/*
 * 7. ENGINES
 */

/*
 * tasker_open: opens an engine. Constructor of tasker_engine.
 *
 *   config, config_len  a JSON object; NULL and 0 for the defaults. A setting
 *                       that tasker_engine_config_get lists as database.url is
 *                       given as {"database": {"url": "sqlite:shop.sqlite3"}}, or
 *                       as the variable TASKER_DATABASE_URL; what is given here
 *                       wins. Without either the database is the file
 *                       tasker.sqlite3 in the working directory.
 *   engine              receives the engine, or 0 on failure
 *   reply               receives what was opened: "version" of the library,
 *                       "store", "server_version" and "location" of the database,
 *                       "schema_version", "schema_newest", "migrate", "frozen_at"
 *
 * A program opens one engine per database and shares it between its threads.
 * Opening the same database twice is legal and wasteful.
 *
 * Errors: TASKER_E_INVALID_REQUEST (configuration; every problem is listed),
 * TASKER_E_UNMIGRATED, TASKER_E_INCOMPATIBLE_SCHEMA, TASKER_E_UNAVAILABLE,
 * TASKER_E_PERMISSION, TASKER_E_TIMEOUT, TASKER_E_FORKED, TASKER_E_UNSUPPORTED (a
 * file beside which SQLite cannot keep a write-ahead log). TASKER_E_UNAVAILABLE
 * also when 65536 engines are open, or no memory or thread is to be had.
 *
 * Blocks while the database is opened and, where the configuration says so,
 * migrated. Any thread. The reply is the caller's to release.
 */
TASKER_API int32_t tasker_open(const uint8_t *config, size_t config_len, tasker_engine *engine,
                               tasker_buffer *reply);

/*
 * tasker_close: closes an engine. Destructor of tasker_engine.
 *
 *   engine               from tasker_open; the number is dead from here on
 *   request, request_len {"timeout_ms": n}; NULL and 0 for the default, 5000
 *   reply                receives "calls_cut", the number of calls that had to be
 *                        ended, and "problems", a list of sentences
 *
 * New calls on the engine answer TASKER_E_CLOSED at once, and so do calls that
 * wait for something to happen. Calls at work are finished; those that have not
 * ended after timeout_ms are cut off with TASKER_E_CLOSED, and the outcome of
 * their writes is unknown. Then the steps that this engine's workers hold are
 * released, which does not count as an attempt, and the database is closed.
 * Submitted requests whose answers were not collected are forgotten, and the
 * wake descriptor is closed: stop waiting for it first. Report what your handlers
 * have finished before you close.
 *
 * The engine is closed whatever the status is. A second close, also a concurrent
 * one, answers TASKER_E_CLOSED and does no harm. In a forked child that has not
 * used the engine, closing forgets the number there and touches nothing of the
 * parent's.
 *
 * Errors: TASKER_E_CLOSED, TASKER_E_INVALID_REQUEST and TASKER_E_LIMIT_EXCEEDED
 * (the engine is closed all the same, unless a pointer is NULL or the request too
 * long), TASKER_E_FORKED, TASKER_E_INTERNAL.
 *
 * Blocks for at most the timeout and a few seconds. Any thread. The reply is the
 * caller's to release.
 */
TASKER_API int32_t tasker_close(tasker_engine engine, const uint8_t *request, size_t request_len,
                                tasker_buffer *reply);

/*
 * tasker_close_with_thread: has an engine closed when the calling thread ends.
 *
 * For hosts that end a thread without a word, as Node's Worker.terminate does.
 * When the calling thread ends, by return or by pthread_exit, the engine is
 * closed as by tasker_close with a timeout_ms of 1000, and the thread ends after
 * that. An engine that is closed by then is passed over, so tasker_close may be
 * called as usual. Calling it twice, or for several engines, is harmless. The end
 * of the process is not the end of its threads: close before it.
 *
 * Returns TASKER_OK, TASKER_E_CLOSED, or TASKER_E_UNAVAILABLE when there is no
 * memory. Never blocks. Any thread; also in a forked child.
 */
TASKER_API int32_t tasker_close_with_thread(tasker_engine engine);

/*
 * tasker_interrupt: ends the calls that wait.
 *
 * Every call of this engine that waits for something to happen (wait_ms, and
 * tasker_task_wait) returns soon, whether it was made by name or submitted; what
 * it returns is written at the operation. Calls that read or write are not
 * touched, and later calls wait as usual. For hosts whose users press Ctrl-C.
 *
 * Returns TASKER_OK, TASKER_E_CLOSED or TASKER_E_FORKED. Never blocks. Any
 * thread, but not a signal handler.
 */
TASKER_API int32_t tasker_interrupt(tasker_engine engine);

/*
 * tasker_wake_fd: a descriptor to wait on instead of blocking here.
 *
 *   fd  receives the reading end of a pipe, or -1 on failure
 *
 * The descriptor becomes readable when the answer to a submitted request can be
 * collected, or when there may be work to claim or events to read. It is a hint:
 * it can be readable without need, and several causes share one signal. So
 * whoever wakes up looks at everything it is interested in: calls tasker_collect
 * until it gives nothing, and tasker_step_claim without wait_ms if it runs steps.
 *
 * tasker_collect and tasker_step_claim take the byte out before they look, so
 * that nothing can slip in between; no read is needed. A program that reads
 * the byte itself does no harm, as long as it calls one of them then. Only one
 * thread should wait for the descriptor.
 *
 * The descriptor is made at the first call, always the same one per engine,
 * non-blocking, closed on exec and closed by tasker_close. The program must not
 * close it or write to it.
 *
 * In a forked child the number that the parent got leads to a descriptor of the
 * child's own, which tells of answers to its submitted requests. A child that
 * also wants to hear of what other processes do asks for it again: before that,
 * and before it registers a worker or waits in a call, its engine does not listen.
 *
 * Returns TASKER_OK, TASKER_E_INVALID_REQUEST (fd is NULL),
 * TASKER_E_LIMIT_EXCEEDED (no descriptor left), TASKER_E_CLOSED or
 * TASKER_E_FORKED. Never blocks. Any thread.
 */
TASKER_API int32_t tasker_wake_fd(tasker_engine engine, int32_t *fd);

/*
 * 8. SUBMIT AND COLLECT
 *
 * The second way to every operation, for event loops: it waits nowhere and needs
 * no thread of the program's own.
 */

/*
 * tasker_submit: starts an operation and returns.
 *
 *   engine               from tasker_open
 *   operation            a TASKER_OP_ number
 *   request, request_len as for the named function; copied before the return
 *   ticket               receives a number that names the request, never 0 and
 *                        never used twice by one engine; 0 on failure
 *   reply                receives the error when the request could not be
 *                        started; NULL and 0 otherwise
 *
 * TASKER_OK means that exactly one completion with this ticket can be collected
 * later, be it success or failure. Completions come in the order in which the
 * operations end. Submitted requests run at the same time; a program that needs
 * an order collects one before it submits the next. What is answered from memory
 * may be done when the function returns, and another thread may have collected it.
 *
 * Errors: TASKER_E_INVALID_REQUEST (unknown operation, NULL pointer),
 * TASKER_E_LIMIT_EXCEEDED (request too long, or TASKER_SUBMITTED_MAX reached),
 * TASKER_E_CLOSED, TASKER_E_FORKED.
 *
 * Never blocks. Any thread. The reply is the caller's to release.
 */
TASKER_API int32_t tasker_submit(tasker_engine engine, uint32_t operation, const uint8_t *request,
                                 size_t request_len, uint64_t *ticket, tasker_buffer *reply);

/*
 * tasker_submit_many: starts any number of operations and returns; what costs time
 * at the boundary is paid once for all of them.
 *
 *   engine       from tasker_open
 *   submissions  count requests, copied before the return; may be NULL when count
 *                is 0
 *   count        how many; 0 starts nothing and is no error
 *   ticket       receives the ticket of the first request; those of the others
 *                follow without a gap, in the order of the array. 0 on failure,
 *                and when count is 0
 *   reply        receives the error when nothing was started; NULL and 0 otherwise
 *
 * All or nothing: TASKER_OK means that exactly one completion for each ticket can
 * be collected later, anything else that no request was started. "details" then
 * tells in "index" which request is at fault, if one is. The promises of
 * tasker_submit hold for each; that one fails later is no matter of the others.
 *
 * Errors: TASKER_E_INVALID_REQUEST (unknown operation, NULL pointer),
 * TASKER_E_LIMIT_EXCEEDED (a request too long, more than TASKER_REQUEST_MAX bytes
 * in all, count above TASKER_SUBMITTED_MAX, or so many do not fit beside what runs
 * or waits to be collected), TASKER_E_CLOSED, TASKER_E_FORKED.
 *
 * Never blocks. Any thread. The reply is the caller's to release.
 */
TASKER_API int32_t tasker_submit_many(tasker_engine engine, const tasker_submission *submissions, size_t count,
                                      uint64_t *ticket, tasker_buffer *reply);

/*
 * tasker_collect: takes the answers that are there.
 *
 *   completions  receives up to capacity answers; may be NULL when capacity is 0
 *   capacity     length of that array
 *   count        receives how many were filled; 0 when none is there
 *
 * Each answer is given out once. When more are there than fit, the wake
 * descriptor stays readable.
 *
 * Returns TASKER_OK, TASKER_E_INVALID_REQUEST (NULL pointer), TASKER_E_CLOSED or
 * TASKER_E_FORKED. Never blocks. Any thread; two threads get different answers.
 * The reply in each completion is the caller's to release.
 */
TASKER_API int32_t tasker_collect(tasker_engine engine, tasker_completion *completions, size_t capacity,
                                  size_t *count);

/*
 * 9. OPERATIONS
 *
 * From here to the end the text is generated from the operation table, by
 * `make generate`. All functions have one shape:
 *
 *   engine               from tasker_open
 *   request, request_len a JSON object with the fields listed; NULL and 0 for {}
 *   reply                receives the reply, or the error; never NULL
 *
 * and one set of rules: any thread may call; the request is not read after the
 * return; the reply is the caller's to release with tasker_buffer_free on every
 * return. A field that is marked optional may be left out of a request and may be
 * absent from a reply; all others must be given and are always there. The number
 * TASKER_OP_ before each function is what tasker_submit takes.
 */

/* tasker:generated:begin */
/* Code generated by bindings/generate from capi/wire and core/engine. DO NOT EDIT. */

/*
 * FIELDS THAT EVERY REQUEST MAY CARRY
 *
 *   timeout_ms (integer, optional): Deadline of the whole call in milliseconds, 1 to
 *       600000. Default 30000. When it passes, the outcome of a write is unknown and
 *       repeating the same call is safe.
 *   correlation_id (text, optional): Text of at most 128 characters that is kept in
 *       the metadata of every transition that the call writes.
 *
 * ERRORS THAT OPERATIONS SHARE
 *
 * Answered from memory: TASKER_E_INVALID_REQUEST, TASKER_E_LIMIT_EXCEEDED,
 *   TASKER_E_CLOSED, TASKER_E_FORKED, TASKER_E_INTERNAL.
 * With the database: TASKER_E_INVALID_REQUEST, TASKER_E_LIMIT_EXCEEDED,
 *   TASKER_E_CLOSED, TASKER_E_FORKED, TASKER_E_INTERNAL, TASKER_E_UNMIGRATED,
 *   TASKER_E_INCOMPATIBLE_SCHEMA, TASKER_E_UNAVAILABLE, TASKER_E_TIMEOUT,
 *   TASKER_E_CANCELLED, TASKER_E_PERMISSION.
 */

/*
 * OBJECTS THAT FIELDS REFER TO
 *
 * ActedStep: says what became of a step that a person acted on.
 *   step_id (integer): The step.
 *   name (text): Its name.
 *   task_id (integer): Its task.
 *   changed (boolean): False when it was so already and nothing was written.
 *   from_state (text): Its state before.
 *   state (text): Its state now.
 *   revoked (boolean): True when a worker had the step and lost it; the worker's
 *       outcome will be refused.
 *   task_state (text): The task's state now.
 *
 * AdoptedTask: says what became of one task.
 *   task_id (integer): The task.
 *   adopted (boolean): False when it was the engine's already.
 *   state (text): Its state now.
 *
 * Advice: a call that helps.
 *   operation (text): Name of the operation.
 *   request (any JSON): Its request.
 *   effect (text): What it does here.
 *
 * AnnotationInfo: a remark on a task.
 *   task_annotation_id (integer): The annotation.
 *   task_id (integer): Its task.
 *   annotation_type_id (integer): Its type.
 *   type (text): Name of its type.
 *   annotation (any JSON): What it says.
 *   created_at (instant): When it was made.
 *
 * Blocker: a step of a task type that holds others back.
 *   namespace_name (text): Namespace of the task type.
 *   task_name (text): Name of the task type.
 *   step_name (text): Name of the step that is waited for.
 *   blocked_steps (integer): Steps that wait for a step of this name.
 *
 * BottleneckAnalysis: what slows tasks down.
 *   slowest_tasks (list of SlowTask): The ten tasks that took longest.
 *   slowest_steps (list of SlowStep): The ten complete steps that took longest.
 *   error_patterns (ErrorPatterns): How attempts fail.
 *   dependency_bottlenecks (DependencyBottlenecks): Which steps others wait for.
 *
 * BottleneckScope: repeats the filter of the request; what was absent is null.
 *   namespace (text): Namespace of the tasks.
 *   name (text): Name of the tasks.
 *   version (text): Version of the tasks.
 *
 * Bucket: counts tasks whose duration lies in a range.
 *   range (text): The range in seconds; the lower end is included.
 *   count (integer): Tasks in it.
 *
 * CacheInfo: tells how the task graphs fare that are kept in memory.
 *   graphs (integer): Graphs that are kept.
 *   bytes (integer): What they take, in bytes, as estimated.
 *   bytes_max (integer): The bound, from cache.max_mb.
 *   hits (integer): Graphs that were found and proved current, since the engine was
 *       opened.
 *   misses (integer): Graphs that had to be read.
 *
 * Cause: a step that holds others up by itself.
 *   step_id (integer): The step.
 *   name (text): Its name.
 *   state (text): Its state.
 *   reason (text): A reason of step_readiness, or ready, no_worker, cycle,
 *       parent_in_other_task.
 *   message (text): The reason in one sentence.
 *   until (instant): When time alone ends it, or a handler must have reported; null
 *       when time does not.
 *   holds_back (integer): Steps that cannot run before it is gone.
 *   chain (list of ChainLink): The way from this step to one that waits for it: the
 *       one asked about, else a last one. At most 32 links.
 *
 * ChainLink: one step on the way from a cause to what it holds up.
 *   step_id (integer): The step.
 *   name (text): Its name.
 *   state (text): Its state.
 *   reason (text): Why it may not run now, empty when it may.
 *
 * ClaimProblem: says why the claim of a call got nothing while the rest of the call
 *   took effect.
 *   code (text): "not_found": the worker is not registered any more; register again.
 *   message (text): One sentence.
 *
 * ClaimRequest: asks for work together with another write, in the same transaction.
 *   worker_id (integer): The worker that will run the steps.
 *   limit (integer): Most steps to claim, 1 to 1000.
 *
 * ClaimedStep: all that a handler needs to run one attempt of one step.
 *   step_id (integer): The step.
 *   task_id (integer): Its task.
 *   epoch (integer): Names this lease for ever; every report of this attempt must
 *       carry it.
 *   attempt (integer): Number of this attempt, 1 for the first.
 *   retry_limit (integer): Attempts allowed in total.
 *   deadline_at (instant): When the attempt must have been reported; later the core
 *       ends it.
 *   timeout_seconds (integer): Seconds from the claim to the deadline.
 *   name (text): Name of the step.
 *   namespace (text): Namespace of the task type.
 *   task_name (text): Name of the task type.
 *   version (text): Version of the task type.
 *   handler_class (text, optional): handler_class of the template, empty when it names
 *       none.
 *   handler_config (any JSON): handler_config of the template, null when it has none.
 *   context (any JSON): The task's context, any JSON object.
 *   inputs (any JSON): The step's inputs; the context unless a person edited them.
 *   parents (list of ParentResult): Results of the step's parents, by step id.
 *   previous_results (any JSON): Results that an earlier failed attempt left, {} for
 *       the first.
 *
 * CreatedTask: the answer for one new task.
 *   task_id (integer): The task.
 *   duplicate (boolean): True when the task existed already and nothing was created.
 *
 * CriticalPath: one way through a task.
 *   path (list of integer): The steps from root to leaf.
 *   length (integer): Their number.
 *   step_names (list of text): Their names.
 *   completed_steps (integer): Steps that are complete or resolved.
 *   blocked_steps (integer): Steps that wait for others.
 *   error_steps (integer): Steps in error.
 *   retry_steps (integer): Steps in error that have been tried.
 *   ready_steps (integer): Steps that may run now.
 *   estimated_duration (number): A rough estimate in seconds, from fixed weights for
 *       steps, failures and attempts.
 *   bottlenecks (list of PathBottleneck): Steps in error or waiting for others, the
 *       most severe first.
 *   criticality_score (number): The score: length, waits, failures and estimate, less
 *       what is complete; 0 at least.
 *   completion_percentage (number): Complete steps in percent, with one decimal.
 *
 * CriticalPaths: are the ways through a task that deserve most attention.
 *   total_paths (integer): Paths from a step without parents to one without children,
 *       counted but not listed; at most 9007199254740991.
 *   longest_path_length (integer): Steps on the longest of them.
 *   paths (list of CriticalPath): The five with the highest score, the highest first.
 *   root_nodes (list of integer): Steps without parents.
 *   leaf_nodes (list of integer): Steps without children.
 *
 * DependencyBottlenecks: tells which steps others wait for.
 *   blocking_dependencies (integer): Edges from a step that is neither complete nor
 *       resolved to a pending one.
 *   blocked_steps (integer): Pending steps with such an edge.
 *   avg_wait_time (number): Mean seconds since the creation of those steps, with three
 *       decimals.
 *   most_blocked_steps (list of Blocker): The steps that most others wait for.
 *
 * DependencyGraph: are the steps of a task and the edges between them.
 *   nodes (list of GraphNode): The steps by id.
 *   edges (list of GraphEdge): The edges, each once, by child.
 *   adjacency_list (object of list of integer): Children by step id.
 *   reverse_adjacency_list (object of list of integer): Parents by step id.
 *   dependency_levels (object of integer): Level by step id; a step that no step
 *       without parents leads to is absent.
 *   cycle (list of integer): One cycle, which ends with the step that it begins with;
 *       empty in a task that is in order.
 *
 * Distribution: tells how the durations of tasks spread.
 *   percentiles (Percentiles): Durations that so many percent of the tasks keep to.
 *   distribution_buckets (list of Bucket): Tasks by duration; their counts add up to
 *       the tasks of which a step has ended.
 *
 * DownstreamStep: a step below a failed one.
 *   step_id (integer): The step.
 *   step_name (text): Its name.
 *   current_state (text): Its state.
 *   blocked (boolean): Whether it waits for others.
 *
 * EdgeInfo: a dependency between two steps.
 *   from_step_id (integer): The parent step.
 *   to_step_id (integer): The child step.
 *   name (text): "provides" for every edge that the engine made.
 *
 * EntryInfo: describes a namespace, a dependent system or an annotation type.
 *   id (integer): Its id.
 *   name (text): Its name.
 *   description (text): Its description.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *
 * ErrorChain: one failed step and what is below it.
 *   error_step_id (integer): The step.
 *   error_step_name (text): Its name.
 *   error_attempts (integer): Its attempts that have ended.
 *   retry_limit (integer): Attempts allowed in total.
 *   retry_analysis (RetryAnalysis): What is left to it.
 *   downstream_steps (list of DownstreamStep): The steps below it, nearest first, at
 *       most 100.
 *   total_downstream_steps (integer): All steps below it.
 *   blocked_downstream_steps (integer): Those that wait for others.
 *   total_impact (number): The score: steps below, blocked ones more, attempts, and
 *       whether they are used up.
 *   recovery_strategies (list of RecoveryStrategy): What can be done, the most urgent
 *       first.
 *
 * ErrorChains: tells which failures of a task hold what back.
 *   total_error_steps (integer): Steps in error.
 *   total_steps (integer): All steps.
 *   error_percentage (number): Steps in error in percent, with one decimal.
 *   total_blocked_by_errors (integer): Steps below any of them that wait for others;
 *       each counts once.
 *   most_critical_error (ErrorChain): The failure with the greatest impact, null
 *       without any.
 *   error_chains (list of ErrorChain): The failures, the greatest impact first, at
 *       most 100.
 *   recovery_priority (list of RecoveryPriority): What to look at first, at most
 *       three.
 *   task_health (text): healthy, recovering or blocked.
 *
 * ErrorClass: counts failed attempts of one class.
 *   error_class (text): Class of the error as the handler told it, lease_expired for
 *       attempts whose worker was lost, else unknown.
 *   count (integer): Failed attempts of this class.
 *
 * ErrorPatterns: tells how attempts fail.
 *   total_errors (integer): Attempts that failed.
 *   recent_error_rate (number): They in percent of all attempts that have ended, with
 *       two decimals.
 *   common_error_types (list of ErrorClass): The most frequent classes.
 *   retry_success_rate (number): Steps that failed once and are complete or resolved
 *       now, in percent of all that failed once, with two decimals.
 *
 * Filter: one condition of a list.
 *   field (text): One of the fields that the operation names.
 *   op (text, optional): "eq" (default), "ne", "lt", "lte", "gt", "gte", "in",
 *       "not_in"; of texts also "contains", "starts_with" and "search", which takes no
 *       notice of the case of ASCII letters; of what may be missing "exists". Of a
 *       field with several values the positive ones ask whether some value fits, and
 *       ne and not_in whether none does. ne and not_in hold where there is no value.
 *   path (list of text, optional): Of a field that is JSON: the keys that lead to the
 *       value; of an annotation the name of its type comes first.
 *   value (any JSON): What to compare with: a value of the field's type, for in and
 *       not_in a list of at most 1000, for exists true or false.
 *
 * ForeignOpen: a descriptor through which something else in this process, such as the
 *   host's own SQLite, has the embedded database open. It passes over the locks of the
 *   library, and they are gone when it is closed: the file can be destroyed, and the
 *   process can end by SIGBUS.
 *   path (text): The file: the database, or its companion that ends in -wal or -shm.
 *   descriptor (integer): The descriptor, a number of this process.
 *   remedy (text): What to do about it.
 *
 * GraphEdge: says that one step waits for another.
 *   from (integer): The parent, in rare cases of another task.
 *   to (integer): The child.
 *   from_name (text): Name of the parent.
 *   to_name (text): Name of the child.
 *
 * GraphNode: a step in the DAG of its task.
 *   id (integer): The step.
 *   name (text): Its name.
 *   state (text): Its state.
 *   level (integer): Edges on the longest way to it from a step without parents, null
 *       when there is none.
 *   depth (integer): Edges on the shortest such way, null when there is none.
 *
 * GraphSummary: what there is to say about a task in a few figures.
 *   total_steps (integer): All steps.
 *   total_dependencies (integer): Edges between them, and from steps of other tasks;
 *       repeated ones count once.
 *   dependency_levels (integer): Levels.
 *   longest_path_length (integer): Steps on the longest path.
 *   critical_bottlenecks_count (integer): Bottlenecks of severity Critical.
 *   error_chains_count (integer): Steps in error.
 *   parallelism_efficiency (number): Levels with more than one ready step in percent
 *       of all, with one decimal.
 *   overall_health (text): critical with a critical bottleneck or a cycle, warning
 *       with a failure or a step that nothing leads to, else healthy.
 *   recommendations (list of text): What deserves a look, one sentence each; empty
 *       when nothing does.
 *
 * HandlerMatch: says which steps a worker has handlers for. An absent field matches
 *   anything.
 *   namespace (text, optional): Namespace of the task type; absent matches every
 *       namespace.
 *   task (text, optional): Name of the task type; absent matches every task type.
 *   version (text, optional): Version of the task type; absent matches every version.
 *   step (text, optional): Name of the step; absent matches every step.
 *
 * InvariantViolation: one place where the stored rows break a rule.
 *   rule (text): Name of the rule, such as "counters" or "queue_row_missing".
 *   warning (boolean): True when the next sweep mends it by itself.
 *   task_id (integer): The task, 0 when the row leads to none.
 *   step_id (integer): The step, 0 when it is about the task.
 *   detail (text): What was found.
 *
 * LeaseName: names one lease.
 *   step_id (integer): The step.
 *   epoch (integer): The epoch of the lease.
 *
 * LeaseStatus: says how one lease stands.
 *   step_id (integer): The step.
 *   epoch (integer): The epoch.
 *   held (boolean): Whether the lease is still held; if not, stop the handler: its
 *       outcome would be refused.
 *   deadline_at (instant): When the attempt must have been reported, null when not
 *       held.
 *
 * LevelOpportunity: one level of a task.
 *   level (integer): Its number, 0 for the roots.
 *   total_steps (integer): Its steps.
 *   ready_steps (integer): Those that may run now.
 *   blocked_steps (integer): Those that wait for others.
 *   error_steps (integer): Those in error.
 *   completed_steps (integer): Those that are complete or resolved.
 *   step_names (list of text): Their names.
 *   parallelism_potential (text): High with more than one ready step, Medium with one,
 *       Low with none.
 *   bottleneck_risk (text): High when more than half of its steps wait for others,
 *       else Low.
 *
 * LoadedTemplate: the outcome for one file.
 *   file (text): Name of the file.
 *   outcome (text): "created", "unchanged", "replaced" or "failed".
 *   template (TemplateInfo, optional): The template, unless it failed.
 *   code (text, optional): Code of the failure.
 *   message (text, optional): What is wrong, in one sentence.
 *   problems (list of Problem, optional): Every problem of the file.
 *
 * LogRecord: one structured log record.
 *   id (integer): Position of the record; grows by one.
 *   at (instant): When.
 *   level (text): debug, info, warn or error.
 *   message (text): What happened.
 *   fields (object of any JSON, optional): Further facts.
 *
 * MigrationInfo: one migration.
 *   version (integer): Its number.
 *   name (text): Its name.
 *   direction (text, optional): "up" or "down" for a step that was taken, empty in a
 *       status.
 *   applied_at (instant): When it was applied, null when it is pending.
 *   applied_by (text, optional): Which library applied it, empty when it is pending.
 *
 * NamedStepInfo: describes a named step.
 *   id (integer): Its id.
 *   name (text): Its name.
 *   description (text): Its description.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *   dependent_system (text): The system it belongs to.
 *
 * NamedTaskInfo: describes a task type.
 *   id (integer): Its id.
 *   name (text): Its name.
 *   description (text): Its description.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *   namespace (text): Its namespace.
 *   version (text): Its version.
 *   configuration (any JSON): Its configuration: the template, if it was registered as
 *       one.
 *
 * NewAnnotation: a remark on a task.
 *   type (text): Name of its type, 1 to 64 characters; created when it does not exist.
 *   annotation (any JSON): Any JSON value.
 *
 * NewTask: describes one task to create.
 *   name (text): Name of the task type, as in its template.
 *   namespace (text, optional): Namespace of the task type. Default "default".
 *   version (text, optional): Version of the task type; absent: the greatest
 *       registered version.
 *   context (any JSON): What the handlers work on: a JSON object with at least one
 *       key, checked against the template's schema, whose defaults are filled in and
 *       stored.
 *   initiator (text, optional): Who asked for it. Default "unknown".
 *   source_system (text, optional): The system that asked for it. Default "unknown".
 *   reason (text, optional): Why. Default "unknown".
 *   tags (list of text, optional): Labels to find the task by.
 *   bypass_steps (list of text, optional): Names of skippable steps that are to be
 *       resolved at once instead of run.
 *   requested_at (instant, optional): When the task was asked for. Default now.
 *   start_at (instant, optional): No step runs before this instant. Default now.
 *   priority (integer, optional): Higher runs first, -1000 to 1000. Default: the
 *       template's priority.
 *   annotations (list of NewAnnotation, optional): Remarks that the task gets with its
 *       creation, at most 100. A duplicate gets none.
 *   identity_strategy (text, optional): How duplicates are recognised: "default"
 *       (never), "hash" (the Rails engine's hash over name, context and minute), "key"
 *       (identity_key). Default: "key" when identity_key is given, else the engine's
 *       setting.
 *   identity_key (text, optional): The caller's idempotency key: a second task of the
 *       same namespace and name with the same key is a duplicate.
 *   on_duplicate (text, optional): What a duplicate answers: "existing" (the existing
 *       task, flagged) or "error" (a duplicate error). Default "existing".
 *
 * ObjectMapInfo: says that two systems know the same object by two names.
 *   id (integer): Its id.
 *   system_one (text): The first system.
 *   remote_id_one (text): What the first system calls the object.
 *   system_two (text): The second system.
 *   remote_id_two (text): What the second system calls it.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *
 * Outcome: what became of one attempt of one step.
 *   step_id (integer): The step.
 *   epoch (integer): The epoch of the lease, from the claim.
 *   status (text): "complete" or "error".
 *   results (any JSON, optional): Any JSON value: the step's results, or what a failed
 *       attempt leaves. What is not an object is stored under {"value": ...}.
 *   error (OutcomeError, optional): What went wrong, for "error".
 *   permanent (boolean, optional): For "error": never try again, whatever the limit.
 *       Default false.
 *   retry_after_seconds (integer, optional): For "error": seconds until the next
 *       attempt, as a server asked for, instead of the template's backoff; 0 to 86400.
 *   duration_ms (integer, optional): How long the handler ran, in milliseconds, for
 *       statistics.
 *
 * OutcomeError: describes a failure.
 *   message (text): One sentence.
 *   class (text, optional): Class or type of the exception.
 *   code (text, optional): Code that the handler gave.
 *   backtrace (text, optional): Stack trace as one text.
 *
 * Parallelism: tells how much of a task can run at once.
 *   total_steps (integer): All steps.
 *   total_levels (integer): Levels: the longest way from a step without parents, in
 *       steps.
 *   max_parallel_steps (integer): Steps of the fullest level.
 *   current_parallel_opportunities (integer): Steps that may run now.
 *   blocked_parallel_opportunities (integer): Steps that wait for others.
 *   overall_completion (number): Complete steps in percent, with two decimals.
 *   levels (list of LevelOpportunity): The levels from the roots on.
 *   parallelism_efficiency (number): Levels with more than one ready step in percent
 *       of all, with one decimal.
 *   unreached_steps (list of integer): Steps without a level, since no step without
 *       parents leads to them: on a cycle, behind one, or below a step of another
 *       task.
 *
 * ParentResult: the result of one parent of a claimed step.
 *   step_id (integer): The parent step.
 *   name (text): Its name.
 *   state (text): complete or resolved_manually.
 *   results (any JSON): Its results; a result that was not an object is unwrapped
 *       again.
 *
 * PathBottleneck: a step that holds a path up.
 *   step_id (integer): The step.
 *   step_name (text): Its name.
 *   reason (text): Why it does not run, as step_readiness tells; ready when it may be
 *       tried again now.
 *   severity (number): 10 in error, 20 with all attempts used up, 5 waiting for
 *       others, and 5 for every attempt.
 *   impact (text): Critical, High, Medium or Low.
 *
 * Percentiles: are durations of tasks in seconds, from creation to the last end of a
 *   step: so many percent of the tasks took no longer.
 *   p50 (number): Half of the tasks.
 *   p95 (number): 95 percent of them.
 *   p99 (number): 99 percent of them.
 *
 * Period: sums up the tasks that were created after an instant.
 *   task_throughput (integer): Tasks that were created in the period.
 *   completion_count (integer): Those of them that are complete.
 *   error_count (integer): Those of them that are in error.
 *   completion_rate (number): Completed tasks in percent of all, with two decimals; 0
 *       without tasks.
 *   error_rate (number): Tasks in error in percent of all, with two decimals; 0
 *       without tasks.
 *   avg_task_duration (number): Mean seconds from creation to completion of the
 *       completed tasks, with three decimals; 0 without any.
 *   avg_step_duration (number): Mean seconds from creation to completion of the
 *       complete steps of all tasks of the period, with three decimals; 0 without any.
 *   step_throughput (integer): Steps of the tasks of the period, in any state.
 *
 * Problem: one of several things that are wrong with an input.
 *   path (text, optional): JSON path such as step_templates[2].name.
 *   line (integer, optional): 1-based line in the text given, 0 when unknown.
 *   column (integer, optional): 1-based column in the text given, 0 when unknown.
 *   message (text): One sentence.
 *   suggestion (text, optional): What was probably meant, or what to do.
 *
 * RecoveryPriority: says what to look at first.
 *   step_id (integer): The step.
 *   step_name (text): Its name.
 *   priority_level (text): Critical, High, Medium or Low.
 *   reason (text): Why, in one sentence.
 *   recommended_action (text): The strategy to begin with.
 *
 * RecoveryStrategy: one thing that can be done about a failure.
 *   strategy (text): Its name.
 *   priority (text): High, Medium or Low.
 *   description (text): One sentence.
 *
 * RetryAnalysis: tells what is left to a failed step.
 *   exhausted (boolean): Whether its attempts are used up.
 *   remaining_attempts (integer): Attempts that the limit leaves.
 *   in_backoff (boolean): Whether it waits for a time before it is tried again.
 *   next_retry_at (instant): When that wait is over, null without one.
 *   retryable (boolean): Whether it is tried again at all.
 *
 * Scope: sums up what a look for bottlenecks covers.
 *   total_tasks (integer): Tasks that were created in the period and match the filter.
 *   unique_task_types (integer): Task types among them; each version counts.
 *   time_span_hours (number): Hours since the first of them was created, with two
 *       decimals.
 *
 * Setting: one configuration value.
 *   name (text): Its dotted name, such as worker.lease_seconds.
 *   value (any JSON): The value in force; secrets are masked.
 *   source (text): "default", "environment" or "call".
 *
 * SlowStep: a complete step and how long it took.
 *   workflow_step_id (integer): The step.
 *   task_id (integer): Its task.
 *   step_name (text): Its name.
 *   task_name (text): Name of the task type.
 *   namespace_name (text): Namespace of the task type.
 *   version (text): Version of the task type.
 *   duration_seconds (number): Seconds from the creation of the step to its
 *       completion, with three decimals.
 *   attempts (integer): Attempts that have ended, null when none was stored.
 *   created_at (instant): When the step was created.
 *   completed_at (instant): When it became complete.
 *   retryable (boolean): Whether it may be tried again after a failure.
 *   step_status (text): Always complete.
 *
 * SlowTask: a task and how long it took so far.
 *   task_id (integer): The task.
 *   task_name (text): Name of the task type.
 *   namespace_name (text): Namespace of the task type.
 *   version (text): Version of the task type.
 *   duration_seconds (number): Seconds from the creation of the task to completed_at,
 *       with three decimals.
 *   step_count (integer): Its steps.
 *   completed_steps (integer): Those that are complete.
 *   error_steps (integer): Those that are in error.
 *   created_at (instant): When it was created.
 *   completed_at (instant): When the last of the steps counted above came to its
 *       state.
 *   initiator (text): Who asked for it.
 *   source_system (text): The system that asked for it.
 *
 * StepInfo: describes a step.
 *   step_id (integer): The step.
 *   task_id (integer): Its task.
 *   name (text): Its name.
 *   state (text): pending, in_progress, complete, error, cancelled or
 *       resolved_manually.
 *   state_since (instant): Since when it is in this state; its creation when it never
 *       moved.
 *   attempts (integer): Attempts that have ended.
 *   retry_limit (integer): Attempts allowed in total.
 *   retryable (boolean): Whether it may be tried again after a failure.
 *   skippable (boolean): Whether it may be bypassed.
 *   in_process (boolean): Whether it is leased now.
 *   last_attempted_at (instant): When its last attempt ended.
 *   processed_at (instant): When it completed.
 *   backoff_request_seconds (integer): The wait after its last failure.
 *   inputs (any JSON): What its handler was given.
 *   results (any JSON): What its handler gave back.
 *   depends_on (list of text, optional): Names of the steps before it.
 *
 * StepReadiness: says whether a step may run and, if not, why.
 *   workflow_step_id (integer): The step.
 *   task_id (integer): Its task.
 *   named_step_id (integer): Its named step.
 *   name (text): Its name.
 *   current_state (text): Its state.
 *   dependencies_satisfied (boolean): Whether all parents are complete or resolved.
 *   retry_eligible (boolean): Whether the limit of attempts leaves one.
 *   ready_for_execution (boolean): Whether it may run now.
 *   reason (text): Why it may not run now, empty when it may.
 *   last_failure_at (instant): When it failed, null unless its state is error.
 *   next_retry_at (instant): When its wait is over, null without a wait.
 *   total_parents (integer): Parents.
 *   completed_parents (integer): Parents that are complete or resolved.
 *   attempts (integer): Attempts that have ended.
 *   retry_limit (integer): Attempts allowed in total.
 *   backoff_request_seconds (integer): The wait after the last failure, in seconds.
 *   last_attempted_at (instant): When the last attempt ended.
 *
 * TaskBottleneck: one step that holds a task up.
 *   step_id (integer): The step.
 *   step_name (text): Its name.
 *   current_state (text): Its state.
 *   attempts (integer): Its attempts that have ended.
 *   retry_limit (integer): Attempts allowed in total.
 *   dependencies_satisfied (boolean): Whether all parents are complete or resolved.
 *   downstream_steps_count (integer): Steps below it.
 *   blocked_downstream_count (integer): Those that wait for others.
 *   impact_score (number): The score.
 *   severity (text): Critical, High, Medium or Low.
 *   bottleneck_type (text): Permanent Failure, Active Error, Dependency Block, Retry
 *       Exhaustion, Non-Retryable or Unknown.
 *   resolution_strategy (text): What to do, in a few words.
 *   estimated_resolution_time (text): How long that takes, in a few words.
 *
 * TaskBottlenecks: tells what holds a task up.
 *   total_bottlenecks (integer): Bottlenecks: the steps in error, else those that wait
 *       for others, were tried twice or have no attempt left.
 *   critical_bottlenecks (integer): Those of severity Critical.
 *   total_blocked_steps (integer): Steps that wait for others.
 *   bottlenecks (list of TaskBottleneck): The ten with the greatest impact, the
 *       greatest first.
 *   task_health (text): healthy, recovering or blocked.
 *   task_completion (number): Complete steps in percent, with two decimals.
 *   failed_steps_ratio (number): Steps in error in percent, with two decimals.
 *   overall_impact (text): None, Low, Medium, High or Severe.
 *
 * TaskContext: the execution context of a task: where it stands and what can happen
 *   next.
 *   task_id (integer): The task.
 *   named_task_id (integer): Its task type.
 *   status (text): Its state.
 *   total_steps (integer): All steps.
 *   pending_steps (integer): Steps in state pending.
 *   in_progress_steps (integer): Steps in state in_progress.
 *   completed_steps (integer): Steps that are complete or resolved.
 *   failed_steps (integer): Steps in state error.
 *   ready_steps (integer): Steps that may run now.
 *   execution_status (text): has_ready_steps, processing, blocked_by_failures,
 *       all_complete or waiting_for_dependencies.
 *   recommended_action (text): execute_ready_steps, wait_for_completion,
 *       handle_failures, finalize_task or wait_for_dependencies.
 *   completion_percentage (number): 0 to 100 with two decimals.
 *   health_status (text): healthy, recovering or blocked.
 *   next_wake_at (instant): The earliest instant at which something can happen without
 *       a person, null when nothing can.
 *
 * TaskInfo: describes a task.
 *   task_id (integer): The task.
 *   namespace (text): Namespace of the task type.
 *   name (text): Name of the task type.
 *   version (text): Version of the task type.
 *   state (text): pending, in_progress, complete, error, cancelled or
 *       resolved_manually.
 *   state_since (instant): Since when it is in this state.
 *   priority (integer): Higher runs first.
 *   context (any JSON): The context with the schema's defaults.
 *   initiator (text): Who asked for it.
 *   source_system (text): The system that asked for it.
 *   reason (text): Why.
 *   tags (list of text): Its labels.
 *   bypass_steps (list of text): Names of the steps that were bypassed.
 *   start_at (instant): No step runs before this instant, null for at once.
 *   requested_at (instant): When it was asked for.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When its row last changed.
 *   identity_hash (text): What recognises a duplicate.
 *
 * TemplateInfo: describes a registered template.
 *   id (integer): The task type's id.
 *   namespace (text): Its namespace.
 *   name (text): Its name.
 *   version (text): Its version.
 *   description (text, optional): Its description.
 *   steps (list of TemplateStep): Its steps in declaration order.
 *
 * TemplateStep: one step of a registered template.
 *   name (text): Name of the step.
 *   route_id (integer): Id of the route: what a claim of this step is asked by.
 *   depends_on (list of text): Names of the steps that must be satisfied before it.
 *
 * TransitionInfo: one row of a history.
 *   id (integer): Id of the row.
 *   task_id (integer, optional): The task; absent for a step's row.
 *   step_id (integer, optional): The step; absent for a task's row.
 *   from_state (text): State before, null when the writer did not say.
 *   to_state (text): State after.
 *   sort_key (integer): Order within the owner.
 *   most_recent (boolean): Whether this is the current state.
 *   metadata (any JSON): Who, why, how long, which epoch.
 *   created_at (instant): When.
 *
 * TransitionStatistics: sums up one history (queries sheet, section 5). Rows that only
 *   lead through a state to another are left out.
 *   total (integer): Rows.
 *   by_state (object of integer): Rows by the state that they lead to.
 *   last_24_hours (integer): Rows of the last 24 hours.
 *   mean_gap_seconds (number): Mean time from one row to the next, null below two
 *       rows.
 *   retries (integer): Of a step: rows that lead to pending after an error.
 *   mean_duration_seconds (number): Of a step: mean time that handlers told they took,
 *       null when none did.
 *
 * Trends: are the same figures over three periods that end now.
 *   last_hour (Period): Tasks that were created in the last hour.
 *   last_4_hours (Period): Tasks that were created in the last four hours.
 *   last_24_hours (Period): Tasks that were created in the last 24 hours.
 *
 * Verdict: says what became of one reported outcome.
 *   step_id (integer): The step.
 *   epoch (integer): The epoch that was reported.
 *   verdict (text): "recorded"; "already_recorded" (the same outcome was stored
 *       before, safe to repeat); "superseded" (another outcome of this epoch was
 *       stored); "lease_lost" (the lease ended: deadline, dead worker, cancel);
 *       "conflict" (a foreign writer moved the step); "not_found".
 *   step_state (text, optional): The step's state now, empty for not_found.
 *   task_id (integer, optional): The task, 0 for not_found.
 *   task_state (text, optional): The task's state now, empty for not_found.
 *   retry_at (instant): When the step is tried again, null when it is not.
 *
 * WorkerInfo: describes a worker.
 *   worker_id (integer): The worker.
 *   name (text): Its name.
 *   host (text): The machine it runs on.
 *   pid (integer): Its process id.
 *   language (text): Language of its handlers.
 *   routes (list of integer): Ids of the routes that it claims.
 *   started_at (instant): When it registered.
 *   heartbeat_at (instant): Its last heartbeat; it beats by itself while the engine is
 *       open.
 *   leases (integer): Steps leased to it now.
 */

#define TASKER_OP_ENGINE_HEALTH 1
/*
 * tasker_engine_health: Tells how the engine and its database fare: version, store,
 * schema, size, the depth of every queue, and the panics that were caught.
 *
 * It answers also when something is wrong: status is then "degraded" and problems
 * tells what, one sentence each. A monitor calls it; a call costs one short read.
 *
 * With deep it checks every stored row against the engine's invariants and lists what
 * breaks one: histories, queue rows, leases, counters and the ends of tasks. With
 * repair it recomputes the tasks concerned from their steps and histories; what cannot
 * be mended that way stays listed. Histories are never changed.
 *
 *     {"repair": true, "timeout_ms": 600000}
 *
 * Request:
 *   deep (boolean, optional): Check the invariants of every stored row as well. It
 *       reads the whole database: for diagnosis, not for a monitor. Default false.
 *   repair (boolean, optional): Mend what the deep check finds: the tasks concerned
 *       are recomputed from their steps and histories, and what died is swept. Implies
 *       deep. Default false.
 *
 * Reply:
 *   status (text): "ok", or "degraded" with the reasons in problems.
 *   problems (list of text): What is wrong, one sentence each.
 *   version (text): Version of the library.
 *   opened_at (instant): When the engine was opened.
 *   now (instant): The database's clock.
 *   store (text): "sqlite" or "postgresql".
 *   server_version (text): Version of the database software.
 *   location (text): File or URL, without secrets.
 *   size_bytes (integer): Size of the database in bytes, 0 when unknown.
 *   schema_version (integer): Highest applied migration.
 *   store_details (object of any JSON): Settings and counters of the store.
 *   foreign_opens (list of ForeignOpen): Who else has the embedded database open in
 *       this process, but for what a parent process had open. Empty for PostgreSQL.
 *   open_tasks (integer): Tasks that have not ended.
 *   ready_steps (integer): Steps that may run now.
 *   scheduled_steps (integer): Steps that wait for a time.
 *   leased_steps (integer): Steps that are leased.
 *   workers (integer): Workers that are registered.
 *   dirty_tasks (integer): Tasks whose derived rows wait to be checked.
 *   cache (CacheInfo): Task graphs kept in memory.
 *   panics (integer): Panics that were caught since the engine was opened.
 *   violations (list of InvariantViolation): With deep: rules that the stored rows
 *       break, at most 1000. With repair: what is left of them.
 *   repaired (integer): With repair: how many violations are gone.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_engine_health(tasker_engine engine, const uint8_t *request, size_t request_len,
                                        tasker_buffer *reply);

#define TASKER_OP_ENGINE_CONFIG_GET 2
/*
 * tasker_engine_config_get: Lists every setting with the value in force and where it
 * came from: "default", "environment" or "call". Secrets are masked.
 *
 * It needs no database and never waits.
 *
 * Request:
 *   no fields of its own
 *
 * Reply:
 *   items (list of Setting): Every setting by name.
 *   next (integer): Always null: settings are few.
 *
 * Errors: those of every operation answered from memory.
 * Never blocks: it is answered from memory. Any thread. The reply is the caller's to
 * release. Since 0.1.0.
 */
TASKER_API int32_t tasker_engine_config_get(tasker_engine engine, const uint8_t *request, size_t request_len,
                                            tasker_buffer *reply);

#define TASKER_OP_ENGINE_CLOCK_ADVANCE 3
/*
 * tasker_engine_clock_advance: Moves the clock of an engine that was opened with
 * clock.frozen_at, so that a test sees a retry or a deadline come due without
 * sleeping.
 *
 * Whatever the new time makes due is claimable as soon as the call returns. An engine
 * with a running clock answers unsupported.
 *
 *     {"by_ms": 60000}
 *
 * Request:
 *   by_ms (integer): How far, in milliseconds, 1 to 10 years.
 *
 * Reply:
 *   now (instant): The clock now.
 *
 * Errors: TASKER_E_UNSUPPORTED, and those of every operation answered from memory.
 * Never blocks: it is answered from memory. Any thread. The reply is the caller's to
 * release. Since 0.1.0.
 */
TASKER_API int32_t tasker_engine_clock_advance(tasker_engine engine, const uint8_t *request, size_t request_len,
                                               tasker_buffer *reply);

#define TASKER_OP_ENGINE_LOGS_POLL 4
/*
 * tasker_engine_logs_poll: Reads the library's log records. The library writes nothing
 * to stdout or stderr: a host that wants its log pulls it here and hands it to its own
 * logger.
 *
 * Records are kept in memory, at most log.capacity of them; the oldest make room and
 * are counted in dropped. Pass next of one answer as after of the following call.
 *
 *     {"after": 1042, "limit": 500}
 *
 * Request:
 *   after (integer, optional): The value of next from the call before; absent: the
 *       oldest that is kept.
 *   limit (integer, optional): Most records to return, 1 to 1000. Default 100.
 *
 * Reply:
 *   items (list of LogRecord): The records, oldest first.
 *   next (integer): Cursor for the next call.
 *   dropped (integer): Records that were dropped before they were read, since the
 *       engine was opened.
 *
 * Errors: those of every operation answered from memory.
 * Never blocks: it is answered from memory. Any thread. The reply is the caller's to
 * release. Since 0.1.0.
 */
TASKER_API int32_t tasker_engine_logs_poll(tasker_engine engine, const uint8_t *request, size_t request_len,
                                           tasker_buffer *reply);

#define TASKER_OP_SCHEMA_MIGRATE 5
/*
 * tasker_schema_migrate: Moves the database schema up to the newest version, or up or
 * down to a given one, and answers the steps that were taken.
 *
 * Each migration is one transaction. Two processes may migrate at once: one waits for
 * the other. With dry_run nothing is written. Going down drops what up created, with
 * its data.
 *
 *     {"direction": "up", "dry_run": true}
 *
 * Request:
 *   direction (text, optional): "up" or "down". Default "up".
 *   to (integer, optional): Version to stop at; absent: the newest for up, 0 for down.
 *   indexes (text, optional): Secondary indexes of the shared tables, on PostgreSQL
 *       and where this library made the tables: "minimal", those that the engines
 *       need, or "rails", the full set of the Rails engine, which costs more than half
 *       of the write throughput. Building them holds up writers. Absent: they stay as
 *       they are, "minimal" for new tables. Only with direction "up".
 *   dry_run (boolean, optional): Only tell what would be done.
 *
 * Reply:
 *   steps (list of MigrationInfo): The steps taken, or with dry_run those that would
 *       be.
 *   indexes_created (list of text): Names of the secondary indexes that were created
 *       for "indexes", or with dry_run would be.
 *   indexes_dropped (list of text): Names of those that were dropped for it.
 *   dry_run (boolean): Whether nothing was written.
 *   current (integer): Version after the call.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_schema_migrate(tasker_engine engine, const uint8_t *request, size_t request_len,
                                         tasker_buffer *reply);

#define TASKER_OP_SCHEMA_STATUS 6
/*
 * tasker_schema_status: Lists every migration with the time it was applied, and says
 * whether the database is current, unmigrated or newer than this library.
 *
 * It works on a database that was never migrated.
 *
 * Request:
 *   no fields of its own
 *
 * Reply:
 *   current (integer): Highest applied version, 0 when none.
 *   newest (integer): Highest version that this library knows.
 *   state (text): "current", "unmigrated" or "newer".
 *   indexes (text): Secondary indexes of the shared tables: "minimal", "rails" for the
 *       full set of the Rails engine, "foreign" where that engine made the tables and
 *       its indexes are left alone, empty without tables.
 *   migrations (list of MigrationInfo): Every migration.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_schema_status(tasker_engine engine, const uint8_t *request, size_t request_len,
                                        tasker_buffer *reply);

#define TASKER_OP_TEMPLATE_REGISTER 7
/*
 * tasker_template_register: Stores a template: the steps of a task type, what each
 * depends on, and how each is retried. Tasks are created from it by namespace, name
 * and version.
 *
 * The template is YAML or JSON text in a string, or a JSON object. Every problem is
 * reported at once with its line and column. Registering the same template again is
 * "unchanged" and harmless; a different one under the same version is a conflict
 * unless replace is true. Tasks that exist keep the steps they were created with.
 *
 *     {"template": "name: order_flow\nversion: 1.0.0\nstep_templates:\n  - name:
 *     fetch\n  - name: ship\n    depends_on_step: fetch\n"}
 *
 * Request:
 *   template (any JSON): The template: a string with YAML or JSON text, or a JSON
 *       object.
 *   environment (text, optional): Which of the template's environments to merge in.
 *   replace (boolean, optional): Allow changing a registered template of the same
 *       namespace, name and version. Default false: a different one is a conflict.
 *
 * Reply:
 *   id (integer): The task type's id.
 *   namespace (text): Its namespace.
 *   name (text): Its name.
 *   version (text): Its version.
 *   description (text, optional): Its description.
 *   steps (list of TemplateStep): Its steps in declaration order.
 *   outcome (text): "created", "unchanged" or "replaced".
 *
 * Errors: TASKER_E_CONFLICT, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_template_register(tasker_engine engine, const uint8_t *request, size_t request_len,
                                            tasker_buffer *reply);

#define TASKER_OP_TEMPLATE_LOAD 8
/*
 * tasker_template_load: Registers every template file (*.yaml, *.yml, *.json) of a
 * directory, in the order of their names, without descending.
 *
 * One bad file does not hinder the others: each file has its own outcome, and a failed
 * one carries its problems.
 *
 *     {"directory": "config/tasks", "environment": "production"}
 *
 * Request:
 *   directory (text): Directory whose *.yaml, *.yml and *.json files are read, without
 *       descending.
 *   environment (text, optional): Which environment to merge into each template.
 *   replace (boolean, optional): Allow changing registered templates. Default false.
 *
 * Reply:
 *   items (list of LoadedTemplate): One outcome per file, in name order.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_template_load(tasker_engine engine, const uint8_t *request, size_t request_len,
                                        tasker_buffer *reply);

#define TASKER_OP_TEMPLATE_GET 9
/*
 * tasker_template_get: Answers a registered template in its canonical form, with the
 * route id of each step.
 *
 * Without a version it is the greatest registered one, by the order of semantic
 * versions.
 *
 *     {"namespace": "shop", "name": "order_flow"}
 *
 * Request:
 *   name (text): Name of the task type.
 *   namespace (text, optional): Its namespace. Default "default".
 *   version (text, optional): Its version; absent: the greatest.
 *
 * Reply:
 *   id (integer): The task type's id.
 *   namespace (text): Its namespace.
 *   name (text): Its name.
 *   version (text): Its version.
 *   description (text, optional): Its description.
 *   steps (list of TemplateStep): Its steps in declaration order.
 *   template (any JSON): The template in canonical form.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_template_get(tasker_engine engine, const uint8_t *request, size_t request_len,
                                       tasker_buffer *reply);

#define TASKER_OP_TEMPLATE_LIST 10
/*
 * tasker_template_list: Lists registered templates, by id unless sort says otherwise,
 * one page at a time. Pass next of one page as after of the following call; next is
 * null at the end. With latest it lists the greatest version of each alone.
 *
 * Fields of where: id (integer): the task type; namespace (text): its namespace; name
 * (text): its name; version (text): its version; description (text): its description;
 * configuration (JSON scalar, path of keys): a value in the template; created_at
 * (instant): when it was created; updated_at (instant): when it last changed. Sort
 * keys: id, namespace, name, created_at, updated_at.
 *
 *     {"namespace": "shop", "latest": true, "where": [{"field": "name",
 *     "op": "search", "value": "order"}]}
 *
 * Request:
 *   after (text, optional): The value of next from the page before, in a request that
 *       is otherwise the same; absent for the first page.
 *   limit (integer, optional): Most items to return, 1 to 1000. Default 50.
 *   where (list of Filter, optional): Conditions that must all hold, at most 50.
 *   sort (text, optional): What the list is sorted by, one of the operation's sort
 *       keys; ids settle ties.
 *   order (text, optional): "asc" or "desc".
 *   namespace (text, optional): Only this namespace.
 *   name (text, optional): Only this name, all versions.
 *   latest (boolean, optional): Only the greatest version of each, by the order of
 *       semantic versions. Default false.
 *
 * Reply:
 *   items (list of TemplateInfo): The templates by id, unless asked otherwise.
 *   next (text): Cursor of the next page, null at the end.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_template_list(tasker_engine engine, const uint8_t *request, size_t request_len,
                                        tasker_buffer *reply);

#define TASKER_OP_TEMPLATE_VALIDATE 11
/*
 * tasker_template_validate: Checks a template without storing it, and without a
 * database. A template with mistakes is a successful answer with valid false and every
 * problem.
 *
 * A template without mistakes is drawn as well: its levels, its critical path, how
 * many steps can run at once, and the DAG as text, Mermaid and DOT.
 *
 * Request:
 *   template (any JSON): The template: a string with YAML or JSON text, or a JSON
 *       object.
 *   environment (text, optional): Which of the template's environments to merge in.
 *
 * Reply:
 *   valid (boolean): Whether the template can be registered.
 *   problems (list of Problem): Every problem, with its place.
 *   levels (list of list of text, optional): Step names by level: the longest way from
 *       a root.
 *   critical_path (list of text, optional): The longest chain of steps.
 *   parallelism (integer, optional): Most steps that can run at the same time.
 *   text (text, optional): The DAG as text for a terminal.
 *   mermaid (text, optional): The DAG as a Mermaid flowchart.
 *   dot (text, optional): The DAG in Graphviz DOT.
 *
 * Errors: those of every operation answered from memory.
 * Never blocks: it is answered from memory. Any thread. The reply is the caller's to
 * release. Since 0.1.0.
 */
TASKER_API int32_t tasker_template_validate(tasker_engine engine, const uint8_t *request, size_t request_len,
                                            tasker_buffer *reply);

#define TASKER_OP_TASK_CREATE 12
/*
 * tasker_task_create: Creates a task with all its steps and edges in one transaction.
 * Steps without dependencies can be claimed as soon as the call returns, or from
 * start_at on.
 *
 * The context is checked against the template's JSON Schema, whose defaults are filled
 * in and stored. A duplicate, as identity_strategy recognises it, answers the existing
 * task with duplicate true; on_duplicate "error" makes it an error. Every problem of
 * the request is told at once, each with its path. With claim, first steps are leased
 * to the given worker in the same transaction.
 *
 *     {"name": "order_flow", "context": {"order_id": 42}, "identity_key": "order-42"}
 *
 * Request:
 *   name (text): Name of the task type, as in its template.
 *   namespace (text, optional): Namespace of the task type. Default "default".
 *   version (text, optional): Version of the task type; absent: the greatest
 *       registered version.
 *   context (any JSON): What the handlers work on: a JSON object with at least one
 *       key, checked against the template's schema, whose defaults are filled in and
 *       stored.
 *   initiator (text, optional): Who asked for it. Default "unknown".
 *   source_system (text, optional): The system that asked for it. Default "unknown".
 *   reason (text, optional): Why. Default "unknown".
 *   tags (list of text, optional): Labels to find the task by.
 *   bypass_steps (list of text, optional): Names of skippable steps that are to be
 *       resolved at once instead of run.
 *   requested_at (instant, optional): When the task was asked for. Default now.
 *   start_at (instant, optional): No step runs before this instant. Default now.
 *   priority (integer, optional): Higher runs first, -1000 to 1000. Default: the
 *       template's priority.
 *   annotations (list of NewAnnotation, optional): Remarks that the task gets with its
 *       creation, at most 100. A duplicate gets none.
 *   identity_strategy (text, optional): How duplicates are recognised: "default"
 *       (never), "hash" (the Rails engine's hash over name, context and minute), "key"
 *       (identity_key). Default: "key" when identity_key is given, else the engine's
 *       setting.
 *   identity_key (text, optional): The caller's idempotency key: a second task of the
 *       same namespace and name with the same key is a duplicate.
 *   on_duplicate (text, optional): What a duplicate answers: "existing" (the existing
 *       task, flagged) or "error" (a duplicate error). Default "existing".
 *   claim (ClaimRequest, optional): Claim first steps for this worker in the same
 *       transaction.
 *
 * Reply:
 *   task_id (integer): The task.
 *   duplicate (boolean): True when the task existed already and nothing was created.
 *   claimed (list of ClaimedStep): Steps leased to the claiming worker.
 *   claim_problem (ClaimProblem, optional): Why the claim got nothing, absent when it
 *       was served; what was created is there all the same.
 *
 * Errors: TASKER_E_NOT_FOUND, TASKER_E_DUPLICATE, TASKER_E_LEASE_LOST, and those of
 *   every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_task_create(tasker_engine engine, const uint8_t *request, size_t request_len,
                                      tasker_buffer *reply);

#define TASKER_OP_TASK_CREATE_MANY 13
/*
 * tasker_task_create_many: Creates many tasks in one transaction: all or none. Much
 * faster than one call per task. The memory that it takes beside the request does not
 * grow with the number of tasks; allow a long call more time with timeout_ms.
 *
 * Answers come in the request's order. Duplicates, also within the request, are
 * flagged as for task_create.
 *
 *     {"tasks": [{"name": "order_flow", "context": {"order_id": 42}},
 *     {"name": "order_flow", "context": {"order_id": 43}}]}
 *
 * Request:
 *   tasks (list of NewTask): The tasks, 1 to 10000.
 *   claim (ClaimRequest, optional): Claim first steps for this worker in the same
 *       transaction.
 *
 * Reply:
 *   items (list of CreatedTask): One answer per task, in the request's order.
 *   claimed (list of ClaimedStep): Steps leased to the claiming worker.
 *   claim_problem (ClaimProblem, optional): Why the claim got nothing, absent when it
 *       was served; what was created is there all the same.
 *
 * Errors: TASKER_E_NOT_FOUND, TASKER_E_DUPLICATE, TASKER_E_LEASE_LOST, and those of
 *   every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_task_create_many(tasker_engine engine, const uint8_t *request, size_t request_len,
                                           tasker_buffer *reply);

#define TASKER_OP_TASK_GET 14
/*
 * tasker_task_get: Answers a task, on request with its steps in topological order, its
 * edges, its history, and a drawing of the DAG with states.
 *
 *     {"task_id": 7, "include": ["steps", "drawing"]}
 *
 * Request:
 *   task_id (integer): The task.
 *   include (list of text, optional): What to include: "steps", "edges",
 *       "transitions", "annotations", "drawing".
 *
 * Reply:
 *   task_id (integer): The task.
 *   namespace (text): Namespace of the task type.
 *   name (text): Name of the task type.
 *   version (text): Version of the task type.
 *   state (text): pending, in_progress, complete, error, cancelled or
 *       resolved_manually.
 *   state_since (instant): Since when it is in this state.
 *   priority (integer): Higher runs first.
 *   context (any JSON): The context with the schema's defaults.
 *   initiator (text): Who asked for it.
 *   source_system (text): The system that asked for it.
 *   reason (text): Why.
 *   tags (list of text): Its labels.
 *   bypass_steps (list of text): Names of the steps that were bypassed.
 *   start_at (instant): No step runs before this instant, null for at once.
 *   requested_at (instant): When it was asked for.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When its row last changed.
 *   identity_hash (text): What recognises a duplicate.
 *   steps (list of StepInfo, optional): The steps in topological order, on request.
 *   edges (list of EdgeInfo, optional): The edges, on request.
 *   transitions (list of TransitionInfo, optional): Histories of the task and its
 *       steps, oldest first, on request.
 *   annotations (list of AnnotationInfo, optional): Remarks on the task and traces of
 *       edits, oldest first, on request.
 *   drawing (text, optional): The DAG with states as text for a terminal, on request.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_task_get(tasker_engine engine, const uint8_t *request, size_t request_len,
                                   tasker_buffer *reply);

#define TASKER_OP_TASK_LIST 15
/*
 * tasker_task_list: Lists tasks, newest first unless sort and order say otherwise, one
 * page at a time. All given filters must match; the named ones are short for
 * conditions in where.
 *
 * Fields of where: task_id (integer): the task; state (state): its current state,
 * pending when it has no history; state_since (instant): since when; its creation when
 * it has no history; active (boolean): whether some step is neither ended nor failed;
 * namespace (text): namespace of the task type; name (text): name of the task type;
 * version (text): version of the task type; named_task_id (integer): the task type;
 * priority (integer): higher runs first; complete (boolean): whether it ever
 * completed; initiator (text): who asked for it; source_system (text): the system that
 * asked for it; reason (text): why; identity_hash (text): what recognises a duplicate;
 * tag (text, several): its labels; bypass_step (text, several): names of the steps
 * that were bypassed; context (JSON scalar, path of keys): a value in the context;
 * annotation (JSON scalar, path of type and keys, several): a value in some
 * annotation; step_state (state, several): states of its steps; step_completed_at
 * (instant, several): when those of its steps that are complete became so;
 * requested_at (instant): when it was asked for; created_at (instant): when it was
 * created; updated_at (instant): when its row last changed. Sort keys: task_id,
 * state_since, namespace, name, priority, requested_at, created_at, updated_at.
 *
 *     {"states": ["error"], "namespace": "shop", "where": [{"field": "state_since",
 *     "op": "gt", "value": "2026-01-31T09:30:00Z"}], "limit": 100}
 *
 * Request:
 *   after (text, optional): The value of next from the page before, in a request that
 *       is otherwise the same; absent for the first page.
 *   limit (integer, optional): Most items to return, 1 to 1000. Default 50.
 *   where (list of Filter, optional): Conditions that must all hold, at most 50.
 *   sort (text, optional): What the list is sorted by, one of the operation's sort
 *       keys; ids settle ties.
 *   order (text, optional): "asc" or "desc".
 *   states (list of text, optional): Only tasks in one of these states.
 *   namespace (text, optional): Only this namespace.
 *   name (text, optional): Only this task type.
 *   version (text, optional): Only this version.
 *   tag (text, optional): Only tasks with this tag.
 *   created_after (instant, optional): Only tasks created after this instant.
 *   created_before (instant, optional): Only tasks created before this instant.
 *
 * Reply:
 *   items (list of TaskInfo): The tasks.
 *   next (text): Cursor of the next page, null at the end.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_task_list(tasker_engine engine, const uint8_t *request, size_t request_len,
                                    tasker_buffer *reply);

#define TASKER_OP_TASK_CONTEXT 16
/*
 * tasker_task_context: Answers the execution context of a task: how many steps stand
 * where, whether it can go on, what should be done next, and next_wake_at, the
 * earliest instant at which something can happen without a person.
 *
 * Request:
 *   task_id (integer): The task.
 *
 * Reply:
 *   task_id (integer): The task.
 *   named_task_id (integer): Its task type.
 *   status (text): Its state.
 *   total_steps (integer): All steps.
 *   pending_steps (integer): Steps in state pending.
 *   in_progress_steps (integer): Steps in state in_progress.
 *   completed_steps (integer): Steps that are complete or resolved.
 *   failed_steps (integer): Steps in state error.
 *   ready_steps (integer): Steps that may run now.
 *   execution_status (text): has_ready_steps, processing, blocked_by_failures,
 *       all_complete or waiting_for_dependencies.
 *   recommended_action (text): execute_ready_steps, wait_for_completion,
 *       handle_failures, finalize_task or wait_for_dependencies.
 *   completion_percentage (number): 0 to 100 with two decimals.
 *   health_status (text): healthy, recovering or blocked.
 *   next_wake_at (instant): The earliest instant at which something can happen without
 *       a person, null when nothing can.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_task_context(tasker_engine engine, const uint8_t *request, size_t request_len,
                                       tasker_buffer *reply);

#define TASKER_OP_TASK_CONTEXT_MANY 17
/*
 * tasker_task_context_many: Answers the execution contexts of many tasks in one read,
 * by task id. Ids that do not exist are left out.
 *
 * Request:
 *   task_ids (list of integer): The tasks, 1 to 10000; ids that do not exist are left
 *       out of the answer.
 *
 * Reply:
 *   items (list of TaskContext): The contexts by task id.
 *   next (integer): Always null: the request bounds the list.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_task_context_many(tasker_engine engine, const uint8_t *request, size_t request_len,
                                            tasker_buffer *reply);

#define TASKER_OP_TASK_WAIT 18
/*
 * tasker_task_wait: Waits until a task has ended or is blocked, and answers its
 * execution context; after wait_ms it answers what is true then, with timed_out true.
 *
 * Waiting holds no connection and no transaction. tasker_interrupt ends it with
 * cancelled. Hosts with an event loop use the wake descriptor and task_context
 * instead.
 *
 *     {"task_id": 7, "wait_ms": 60000}
 *
 * Request:
 *   task_id (integer): The task.
 *   wait_ms (integer, optional): How long to wait, in milliseconds, 0 to 600000.
 *       Default 30000; timeout_ms is raised to fit.
 *
 * Reply:
 *   task_id (integer): The task.
 *   named_task_id (integer): Its task type.
 *   status (text): Its state.
 *   total_steps (integer): All steps.
 *   pending_steps (integer): Steps in state pending.
 *   in_progress_steps (integer): Steps in state in_progress.
 *   completed_steps (integer): Steps that are complete or resolved.
 *   failed_steps (integer): Steps in state error.
 *   ready_steps (integer): Steps that may run now.
 *   execution_status (text): has_ready_steps, processing, blocked_by_failures,
 *       all_complete or waiting_for_dependencies.
 *   recommended_action (text): execute_ready_steps, wait_for_completion,
 *       handle_failures, finalize_task or wait_for_dependencies.
 *   completion_percentage (number): 0 to 100 with two decimals.
 *   health_status (text): healthy, recovering or blocked.
 *   next_wake_at (instant): The earliest instant at which something can happen without
 *       a person, null when nothing can.
 *   timed_out (boolean): True when the task had not ended when the wait was over.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks for at most wait_ms, and ends early by tasker_interrupt, or at timeout_ms.
 * Any thread. The reply is the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_task_wait(tasker_engine engine, const uint8_t *request, size_t request_len,
                                    tasker_buffer *reply);

#define TASKER_OP_TASK_CANCEL 19
/*
 * tasker_task_cancel: Cancels a task, and with it, in the same transaction, its
 * unfinished steps and their leases. A worker that still runs one of them learns it
 * from its next heartbeat, and its outcome is refused.
 *
 * With cascade false the steps stay as they are. Complete and resolved tasks can be
 * cancelled, too; their steps have ended. Of one that is cancelled already, the steps
 * that are left follow.
 *
 *     {"task_id": 7, "by": "ann", "reason": "ordered twice"}
 *
 * Request:
 *   task_id (integer): The task.
 *   reason (text, optional): Why, kept in the history.
 *   by (text, optional): Who, kept in the history.
 *   cascade (boolean, optional): Cancel unfinished steps and revoke their leases too.
 *       Default true.
 *
 * Reply:
 *   task_id (integer): The task.
 *   state (text): Its state now.
 *   cancelled_steps (integer): Steps that were cancelled.
 *   revoked_leases (integer): Leases that were revoked; their workers' outcomes will
 *       be refused.
 *
 * Errors: TASKER_E_NOT_FOUND, TASKER_E_CONFLICT, and those of every operation with the
 *   database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_task_cancel(tasker_engine engine, const uint8_t *request, size_t request_len,
                                      tasker_buffer *reply);

#define TASKER_OP_STEP_READINESS 20
/*
 * tasker_step_readiness: Says for every step of one or many tasks whether it may run
 * now and, if not, why and until when.
 *
 *     {"task_id": 7}
 *
 * Request:
 *   task_id (integer, optional): The task; give this or task_ids.
 *   task_ids (list of integer, optional): The tasks, 1 to 1000.
 *   step_ids (list of integer, optional): Only these steps; an empty list names none.
 *
 * Reply:
 *   items (list of StepReadiness): The steps by task and id.
 *   next (integer): Always null: the request bounds the list.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_step_readiness(tasker_engine engine, const uint8_t *request, size_t request_len,
                                         tasker_buffer *reply);

#define TASKER_OP_STEP_READY 21
/*
 * tasker_step_ready: Lists those steps of one or many tasks that may run now. To run
 * one, claim it: this list is only a look.
 *
 * Request:
 *   task_id (integer, optional): The task; give this or task_ids.
 *   task_ids (list of integer, optional): The tasks, 1 to 1000.
 *   step_ids (list of integer, optional): Only these steps; an empty list names none.
 *
 * Reply:
 *   items (list of StepReadiness): The steps by task and id.
 *   next (integer): Always null: the request bounds the list.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_step_ready(tasker_engine engine, const uint8_t *request, size_t request_len,
                                     tasker_buffer *reply);

#define TASKER_OP_STEP_CLAIM 22
/*
 * tasker_step_claim: Leases up to limit steps to a worker and answers all that their
 * handlers need: context, inputs, results of the parents, attempt, deadline.
 *
 * Only steps whose handlers the worker announced are given out, each to one worker.
 * Namespaces take turns; within one, higher priority goes first, then the earlier due
 * time. With wait_ms the call waits for work and answers an empty list when none came;
 * without it answers at once, and next_due tells when to come back at the latest. A
 * worker that is not registered, or was given up for dead, must register again.
 *
 * Every lease carries an epoch, which its report must name.
 *
 *     {"worker_id": 3, "limit": 10, "wait_ms": 5000}
 *
 * Request:
 *   worker_id (integer): The worker that will run them, from worker_register.
 *   limit (integer, optional): Most steps to claim, 1 to 1000. Default 1.
 *   wait_ms (integer, optional): How long to wait for work, in milliseconds, 0 to
 *       600000. Default 0: answer at once.
 *
 * Reply:
 *   steps (list of ClaimedStep): The leased steps; empty when there is nothing to do.
 *   next_due (instant): When the next scheduled step of this worker's handlers is due,
 *       null when none is known or the claim got its limit.
 *
 * Errors: TASKER_E_LEASE_LOST, TASKER_E_NOT_FOUND, and those of every operation with
 *   the database.
 * Blocks for at most wait_ms, and ends early by tasker_interrupt, or at timeout_ms.
 * Any thread. The reply is the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_step_claim(tasker_engine engine, const uint8_t *request, size_t request_len,
                                     tasker_buffer *reply);

#define TASKER_OP_STEP_REPORT 23
/*
 * tasker_step_report: Records the outcomes of attempts. The answer comes after they
 * are durable: children that became ready and ends of tasks are in the same
 * transaction.
 *
 * Each outcome gets a verdict of its own; a refused one does not hinder the others.
 * Reporting the same outcome again is safe and answers already_recorded, so a call
 * that timed out is simply repeated. An error is retried by the template's rules,
 * after retry_after_seconds if given, never if permanent is true. With claim, the next
 * steps for this worker are leased in the same transaction.
 *
 *     {"outcomes": [{"step_id": 21, "epoch": 90, "status": "complete",
 *     "results": {"rows": 12}}], "claim": {"worker_id": 3, "limit": 1}}
 *
 * Request:
 *   outcomes (list of Outcome): The outcomes, 1 to 10000; each gets its own verdict.
 *   claim (ClaimRequest, optional): Claim further steps in the same transaction.
 *
 * Reply:
 *   verdicts (list of Verdict): One verdict per outcome, in the request's order.
 *   claimed (list of ClaimedStep): Steps leased to the claiming worker.
 *   claim_problem (ClaimProblem, optional): Why the claim got nothing, absent when it
 *       was served; the verdicts hold all the same.
 *   next_due (instant): When the next scheduled step of the claiming worker is due,
 *       null when none is known or the claim got its limit.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_step_report(tasker_engine engine, const uint8_t *request, size_t request_len,
                                      tasker_buffer *reply);

#define TASKER_OP_STEP_RELEASE 24
/*
 * tasker_step_release: Gives leases back without an outcome, as a worker does that
 * stops. The attempts are not counted and the steps are ready again at once.
 *
 * Request:
 *   steps (list of LeaseName): The leases, 1 to 10000. The attempt is not counted and
 *       the step is ready again at once.
 *
 * Reply:
 *   verdicts (list of Verdict): One verdict per lease, in the request's order, as for
 *       step_report.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_step_release(tasker_engine engine, const uint8_t *request, size_t request_len,
                                       tasker_buffer *reply);

#define TASKER_OP_STEP_HEARTBEAT 25
/*
 * tasker_step_heartbeat: Tells which leases are still held. A handler whose lease is
 * not held should stop: its outcome would be refused.
 *
 * Keeping leases alive needs no call: while the engine is open it beats by itself for
 * every worker registered through it, also when a handler keeps the interpreter busy.
 *
 * Request:
 *   worker_id (integer): The worker, from worker_register. Its heartbeat is renewed.
 *   steps (list of LeaseName, optional): The leases to check, 0 to 10000.
 *
 * Reply:
 *   steps (list of LeaseStatus): One status per lease, in the request's order.
 *
 * Errors: TASKER_E_LEASE_LOST, TASKER_E_NOT_FOUND, and those of every operation with
 *   the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_step_heartbeat(tasker_engine engine, const uint8_t *request, size_t request_len,
                                         tasker_buffer *reply);

#define TASKER_OP_STEP_GET 26
/*
 * tasker_step_get: Answers one step with its state, attempts, inputs and results.
 *
 * Request:
 *   step_id (integer): The step.
 *
 * Reply:
 *   step_id (integer): The step.
 *   task_id (integer): Its task.
 *   name (text): Its name.
 *   state (text): pending, in_progress, complete, error, cancelled or
 *       resolved_manually.
 *   state_since (instant): Since when it is in this state; its creation when it never
 *       moved.
 *   attempts (integer): Attempts that have ended.
 *   retry_limit (integer): Attempts allowed in total.
 *   retryable (boolean): Whether it may be tried again after a failure.
 *   skippable (boolean): Whether it may be bypassed.
 *   in_process (boolean): Whether it is leased now.
 *   last_attempted_at (instant): When its last attempt ended.
 *   processed_at (instant): When it completed.
 *   backoff_request_seconds (integer): The wait after its last failure.
 *   inputs (any JSON): What its handler was given.
 *   results (any JSON): What its handler gave back.
 *   depends_on (list of text, optional): Names of the steps before it.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_step_get(tasker_engine engine, const uint8_t *request, size_t request_len,
                                   tasker_buffer *reply);

#define TASKER_OP_TRANSITION_LIST 27
/*
 * tasker_transition_list: Lists the history of one task or one step, oldest first:
 * every state, when it was entered, and who or what caused it. With of it lists rows
 * of many histories, by id unless sort says otherwise. With statistics it sums up the
 * history of the owner too.
 *
 * Of tasks: Fields of where: id (integer): the row; task_id (integer): the task;
 * to_state (state): state after; from_state (state or null): state before; sort_key
 * (integer): order within the history; most_recent (boolean): whether it is the
 * current state; metadata (JSON scalar, path of keys): a value in the metadata;
 * created_at (instant): when. Sort keys: id, sort_key, created_at.
 *
 * Of steps: Fields of where: id (integer): the row; task_id (integer): the task of the
 * step; step_id (integer): the step; name (text): name of the step; to_state (state):
 * state after; from_state (state or null): state before; retry (boolean): whether it
 * leads to pending from an error; sort_key (integer): order within the history;
 * most_recent (boolean): whether it is the current state; metadata (JSON scalar, path
 * of keys): a value in the metadata; created_at (instant): when. Sort keys: id,
 * sort_key, created_at.
 *
 *     {"step_id": 21}
 *
 * Request:
 *   after (text, optional): The value of next from the page before, in a request that
 *       is otherwise the same; absent for the first page.
 *   limit (integer, optional): Most items to return, 1 to 1000. Default 50.
 *   where (list of Filter, optional): Conditions that must all hold, at most 50.
 *   sort (text, optional): What the list is sorted by, one of the operation's sort
 *       keys; ids settle ties.
 *   order (text, optional): "asc" or "desc".
 *   task_id (integer, optional): The task whose own history is wanted, or with of
 *       "step" the histories of its steps.
 *   step_id (integer, optional): The step whose history is wanted.
 *   of (text, optional): Whose histories: "task" or "step". Default "step" with
 *       step_id, else "task".
 *   statistics (boolean, optional): Sum up the whole history of the owner as well,
 *       whatever the page and the filters. Default false.
 *
 * Reply:
 *   items (list of TransitionInfo): The rows, oldest first unless asked otherwise.
 *   next (text): Cursor of the next page, null at the end.
 *   statistics (TransitionStatistics, optional): The history in figures, on request.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_transition_list(tasker_engine engine, const uint8_t *request, size_t request_len,
                                          tasker_buffer *reply);

#define TASKER_OP_WORKER_REGISTER 28
/*
 * tasker_worker_register: Announces a process that will claim steps, and which steps
 * it has handlers for. The answer's worker_id goes into every claim.
 *
 * A pattern without a field matches anything in that place: {"task": "order_flow"}
 * matches every step of every version of it. Templates that are registered later are
 * matched too. The heartbeat is kept by the library until worker_stop or the engine's
 * close; a worker that falls silent for a lease period loses its leases to others.
 *
 *     {"name": "billing-1", "language": "python", "handlers": [{"namespace": "shop",
 *     "task": "order_flow"}]}
 *
 * Request:
 *   name (text, optional): A name for people. Default: the host's name and the process
 *       id.
 *   language (text, optional): Language of the handlers, such as "python".
 *   handlers (list of HandlerMatch): The steps it has handlers for, 1 to 1000
 *       patterns. Steps of unknown handlers are left alone.
 *
 * Reply:
 *   worker_id (integer): The worker.
 *   name (text): Its name.
 *   host (text): The machine it runs on.
 *   pid (integer): Its process id.
 *   language (text): Language of its handlers.
 *   routes (list of integer): Ids of the routes that it claims.
 *   started_at (instant): When it registered.
 *   heartbeat_at (instant): Its last heartbeat; it beats by itself while the engine is
 *       open.
 *   leases (integer): Steps leased to it now.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_worker_register(tasker_engine engine, const uint8_t *request, size_t request_len,
                                          tasker_buffer *reply);

#define TASKER_OP_WORKER_LIST 29
/*
 * tasker_worker_list: Lists the registered workers of all processes, with their
 * heartbeats and the number of steps leased to each.
 *
 * Fields of where: worker_id (integer): the worker; name (text): its name; host
 * (text): the machine it runs on; pid (integer): its process id; language (text):
 * language of its handlers; leases (integer): steps leased to it; route_id (integer,
 * several): the routes that it claims; started_at (instant): when it registered;
 * heartbeat_at (instant): its last heartbeat. Sort keys: worker_id, name, host,
 * started_at, heartbeat_at.
 *
 * Request:
 *   after (text, optional): The value of next from the page before, in a request that
 *       is otherwise the same; absent for the first page.
 *   limit (integer, optional): Most items to return, 1 to 1000. Default 50.
 *   where (list of Filter, optional): Conditions that must all hold, at most 50.
 *   sort (text, optional): What the list is sorted by, one of the operation's sort
 *       keys; ids settle ties.
 *   order (text, optional): "asc" or "desc".
 *
 * Reply:
 *   items (list of WorkerInfo): The workers by id, unless asked otherwise.
 *   next (text): Cursor of the next page, null at the end.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_worker_list(tasker_engine engine, const uint8_t *request, size_t request_len,
                                      tasker_buffer *reply);

#define TASKER_OP_WORKER_STOP 30
/*
 * tasker_worker_stop: Ends a worker: it can claim no more, and the leases that it
 * still holds are released as by step_release. Stop handlers and report outcomes
 * first.
 *
 * Request:
 *   worker_id (integer): The worker, from worker_register.
 *
 * Reply:
 *   released (integer): Steps that were still leased to it and are ready again.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_worker_stop(tasker_engine engine, const uint8_t *request, size_t request_len,
                                      tasker_buffer *reply);

#define TASKER_OP_TASK_RETRY 31
/*
 * tasker_task_retry: Tries every failed step of a task again, at once and with all
 * attempts before it, and sets a task that is in error going.
 *
 * What step_retry says of a step holds for each of them. A task that is not blocked
 * and has no failed step is answered as it is, with changed false. One that has ended,
 * or in which nothing could run afterwards, is a conflict that tells its state.
 *
 *     {"task_id": 7, "by": "ann", "reason": "the shelf was filled"}
 *
 * Request:
 *   task_id (integer): The task.
 *   by (text, optional): Who, kept in the history; at most 128 characters.
 *   reason (text, optional): Why, kept in the history; at most 128 characters.
 *
 * Reply:
 *   task_id (integer): The task.
 *   changed (boolean): False when it was so already and nothing was written.
 *   from_state (text): Its state before.
 *   state (text): Its state now.
 *   retried_steps (integer): Steps that are tried again.
 *
 * Errors: TASKER_E_NOT_FOUND, TASKER_E_CONFLICT, and those of every operation with the
 *   database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_task_retry(tasker_engine engine, const uint8_t *request, size_t request_len,
                                     tasker_buffer *reply);

#define TASKER_OP_TASK_RESOLVE 32
/*
 * tasker_task_resolve: Ends a task that is in error as done by hand. Its steps stay as
 * they are: they tell what happened.
 *
 * A task that is resolved already is answered as it is, with changed false. From any
 * other state it is a conflict: resolve or cancel the steps of a task that still runs.
 *
 *     {"task_id": 7, "by": "ann", "reason": "refunded by phone"}
 *
 * Request:
 *   task_id (integer): The task.
 *   by (text, optional): Who, kept in the history; at most 128 characters.
 *   reason (text, optional): Why, kept in the history; at most 128 characters.
 *
 * Reply:
 *   task_id (integer): The task.
 *   changed (boolean): False when it was so already and nothing was written.
 *   from_state (text): Its state before.
 *   state (text): Its state now.
 *
 * Errors: TASKER_E_NOT_FOUND, TASKER_E_CONFLICT, and those of every operation with the
 *   database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_task_resolve(tasker_engine engine, const uint8_t *request, size_t request_len,
                                       tasker_buffer *reply);

#define TASKER_OP_TASK_UPDATE 33
/*
 * tasker_task_update: Changes reason, tags or priority of a task. A new priority moves
 * the steps that wait in the queue.
 *
 * What was there before, who changed it and why are kept in an annotation of type
 * task_update. Equal values change nothing and answer changed false.
 *
 *     {"task_id": 7, "priority": 50, "by": "ann", "comment": "the customer waits"}
 *
 * Request:
 *   task_id (integer): The task.
 *   reason (text, optional): The task's reason from now on. Absent: as it is.
 *   tags (list of text, optional): The task's labels from now on, all of them; an
 *       empty list takes them away. Absent: as they are.
 *   priority (integer, optional): Higher runs first, -1000 to 1000. Steps that wait in
 *       the queue move with it. Absent: as it is.
 *   by (text, optional): Who, kept in an annotation of type task_update; at most 128
 *       characters.
 *   comment (text, optional): Why, kept in the same annotation; at most 128
 *       characters.
 *
 * Reply:
 *   task_id (integer): The task.
 *   changed (boolean): False when everything was so already and nothing was written.
 *
 * Errors: TASKER_E_NOT_FOUND, TASKER_E_CONFLICT, and those of every operation with the
 *   database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_task_update(tasker_engine engine, const uint8_t *request, size_t request_len,
                                      tasker_buffer *reply);

#define TASKER_OP_TASK_ANNOTATE 34
/*
 * tasker_task_annotate: Adds a remark to a task: any JSON value under a type, which is
 * created when it does not exist. Calling it twice adds it twice.
 *
 * task_get with annotations shows the remarks, and with them the traces that edits
 * leave, whose types have the names of the operations.
 *
 *     {"task_id": 7, "type": "note", "annotation": {"text": "called the customer"},
 *     "by": "ann"}
 *
 * Request:
 *   task_id (integer): The task.
 *   type (text): Name of its type, 1 to 64 characters; created when it does not exist.
 *   annotation (any JSON): Any JSON value.
 *   by (text, optional): Who, stored with the annotation as its key by; what is not an
 *       object is then stored under {"value": ...}.
 *
 * Reply:
 *   task_annotation_id (integer): The annotation.
 *   task_id (integer): Its task.
 *   annotation_type_id (integer): Its type.
 *   type (text): Name of its type.
 *   annotation (any JSON): What it says.
 *   created_at (instant): When it was made.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_task_annotate(tasker_engine engine, const uint8_t *request, size_t request_len,
                                        tasker_buffer *reply);

#define TASKER_OP_TASK_TRANSITION 35
/*
 * tasker_task_transition: Moves a task by one transition of its state machine, for
 * hosts that drive tasks themselves. It does neither cascade nor detour: task_cancel,
 * task_retry and task_resolve do.
 *
 * A task that is in the state already is answered as it is, with changed false. An
 * illegal move, another state than from_state, and a state that the steps contradict
 * (complete with open steps, error while something can run) are conflicts that tell
 * the present state.
 *
 *     {"task_id": 7, "to_state": "in_progress", "from_state": "pending"}
 *
 * Request:
 *   task_id (integer): The task.
 *   to_state (text): The state to go to.
 *   from_state (text, optional): The state that it must be in, else it is a conflict.
 *       Absent: any from which the move is legal.
 *   by (text, optional): Who, kept in the history; at most 128 characters.
 *   reason (text, optional): Why, kept in the history; at most 128 characters.
 *
 * Reply:
 *   task_id (integer): The task.
 *   changed (boolean): False when it was so already and nothing was written.
 *   from_state (text): Its state before.
 *   state (text): Its state now.
 *
 * Errors: TASKER_E_NOT_FOUND, TASKER_E_CONFLICT, and those of every operation with the
 *   database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_task_transition(tasker_engine engine, const uint8_t *request, size_t request_len,
                                          tasker_buffer *reply);

#define TASKER_OP_TASK_FINALIZE 36
/*
 * tasker_task_finalize: Decides from its steps whether a task is complete, blocked or
 * goes on, and answers where it stands and when to look again.
 *
 * The engine does so itself with every outcome; this is for hosts that drive tasks
 * themselves, after another program changed something. Calling it again changes
 * nothing.
 *
 *     {"task_id": 7}
 *
 * Request:
 *   task_id (integer): The task.
 *   by (text, optional): Who, kept in the history; at most 128 characters.
 *   reason (text, optional): Why, kept in the history; at most 128 characters.
 *
 * Reply:
 *   task_id (integer): The task.
 *   named_task_id (integer): Its task type.
 *   status (text): Its state.
 *   total_steps (integer): All steps.
 *   pending_steps (integer): Steps in state pending.
 *   in_progress_steps (integer): Steps in state in_progress.
 *   completed_steps (integer): Steps that are complete or resolved.
 *   failed_steps (integer): Steps in state error.
 *   ready_steps (integer): Steps that may run now.
 *   execution_status (text): has_ready_steps, processing, blocked_by_failures,
 *       all_complete or waiting_for_dependencies.
 *   recommended_action (text): execute_ready_steps, wait_for_completion,
 *       handle_failures, finalize_task or wait_for_dependencies.
 *   completion_percentage (number): 0 to 100 with two decimals.
 *   health_status (text): healthy, recovering or blocked.
 *   next_wake_at (instant): The earliest instant at which something can happen without
 *       a person, null when nothing can.
 *   changed (boolean): Whether its state changed now.
 *   from_state (text): Its state before.
 *
 * Errors: TASKER_E_NOT_FOUND, TASKER_E_CONFLICT, and those of every operation with the
 *   database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_task_finalize(tasker_engine engine, const uint8_t *request, size_t request_len,
                                        tasker_buffer *reply);

#define TASKER_OP_TASK_ADOPT 37
/*
 * tasker_task_adopt: Hands tasks that another engine created to this one, which runs
 * them from then on. All are taken over or none; a task that is the engine's already
 * is left as it is.
 *
 * A task with a step in progress is a conflict, since the other engine may still be at
 * it. With recover such attempts count as lost, like those of a dead worker.
 *
 *     {"task_ids": [7, 8], "by": "ann"}
 *
 * Request:
 *   task_id (integer, optional): The task; give this or task_ids.
 *   task_ids (list of integer, optional): The tasks, 1 to 1000: all are taken over or
 *       none.
 *   recover (boolean, optional): Take over tasks with steps in progress, too: those
 *       attempts count as lost and the steps are tried again, so no other engine may
 *       still be at them. Default false: such a task is a conflict.
 *   by (text, optional): Who, kept in the history; at most 128 characters.
 *   reason (text, optional): Why, kept in the history; at most 128 characters.
 *
 * Reply:
 *   items (list of AdoptedTask): One answer per task, in the request's order.
 *
 * Errors: TASKER_E_NOT_FOUND, TASKER_E_CONFLICT, and those of every operation with the
 *   database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_task_adopt(tasker_engine engine, const uint8_t *request, size_t request_len,
                                     tasker_buffer *reply);

#define TASKER_OP_STEP_RETRY 38
/*
 * tasker_step_retry: Tries failed steps again, at once: the wait is over, attempts
 * start from 0, and a permanent failure is forgotten. A task that was in error for
 * them goes on.
 *
 * A step that is pending is answered as it is, with changed false. One that a worker
 * has, or that has ended, and one whose task has ended is a conflict that tells its
 * state. One that is in progress without a worker, as another engine may leave it, is
 * set back. All steps are changed or none.
 *
 *     {"step_id": 21, "by": "ann", "reason": "the shelf was filled"}
 *
 * Request:
 *   step_id (integer, optional): The step; give this or step_ids.
 *   step_ids (list of integer, optional): The steps, 1 to 1000, of one or several
 *       tasks: all are changed or none.
 *   by (text, optional): Who, kept in the history; at most 128 characters.
 *   reason (text, optional): Why, kept in the history; at most 128 characters.
 *
 * Reply:
 *   items (list of ActedStep): One answer per step, in the request's order.
 *
 * Errors: TASKER_E_NOT_FOUND, TASKER_E_CONFLICT, and those of every operation with the
 *   database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_step_retry(tasker_engine engine, const uint8_t *request, size_t request_len,
                                     tasker_buffer *reply);

#define TASKER_OP_STEP_RESOLVE 39
/*
 * tasker_step_resolve: Marks steps as done by hand, with or without results, so that
 * the steps after them can run. A worker that has one loses it, and its outcome is
 * refused.
 *
 * A step that is resolved already is answered as it is, with changed false, and keeps
 * its results. One that is complete or cancelled is a conflict. All steps are changed
 * or none.
 *
 *     {"step_id": 21, "results": {"rows": 12}, "by": "ann",
 *     "reason": "counted by hand"}
 *
 * Request:
 *   step_id (integer, optional): The step; give this or step_ids.
 *   step_ids (list of integer, optional): The steps, 1 to 1000, of one or several
 *       tasks: all are changed or none.
 *   results (any JSON, optional): What the steps gave, for their children: any JSON
 *       value, stored under {"value": ...} when it is not an object. Absent: the
 *       stored results stay.
 *   by (text, optional): Who, kept in the history; at most 128 characters.
 *   reason (text, optional): Why, kept in the history; at most 128 characters.
 *
 * Reply:
 *   items (list of ActedStep): One answer per step, in the request's order.
 *
 * Errors: TASKER_E_NOT_FOUND, TASKER_E_CONFLICT, and those of every operation with the
 *   database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_step_resolve(tasker_engine engine, const uint8_t *request, size_t request_len,
                                       tasker_buffer *reply);

#define TASKER_OP_STEP_CANCEL 40
/*
 * tasker_step_cancel: Cancels steps. What depends on them cannot run any more, so that
 * their tasks may end in error; to go on without a step, resolve it. A worker that has
 * one loses it, and its outcome is refused.
 *
 * A step that is cancelled already is answered as it is, with changed false. One that
 * is complete or resolved is a conflict. All steps are changed or none.
 *
 *     {"step_ids": [21, 22], "by": "ann", "reason": "ordered twice"}
 *
 * Request:
 *   step_id (integer, optional): The step; give this or step_ids.
 *   step_ids (list of integer, optional): The steps, 1 to 1000, of one or several
 *       tasks: all are changed or none.
 *   by (text, optional): Who, kept in the history; at most 128 characters.
 *   reason (text, optional): Why, kept in the history; at most 128 characters.
 *
 * Reply:
 *   items (list of ActedStep): One answer per step, in the request's order.
 *
 * Errors: TASKER_E_NOT_FOUND, TASKER_E_CONFLICT, and those of every operation with the
 *   database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_step_cancel(tasker_engine engine, const uint8_t *request, size_t request_len,
                                      tasker_buffer *reply);

#define TASKER_OP_STEP_UPDATE 41
/*
 * tasker_step_update: Changes the retry limit or the inputs of steps that have not
 * ended. A step whose attempts were used up goes on when the new limit leaves it one,
 * and its task with it.
 *
 * A running attempt keeps the inputs that it was given. What was there before, who
 * changed it and why are kept in an annotation of the task of type step_update. Equal
 * values change nothing and answer changed false.
 *
 *     {"step_id": 21, "retry_limit": 10, "by": "ann",
 *     "reason": "the server is slow today"}
 *
 * Request:
 *   step_id (integer, optional): The step; give this or step_ids.
 *   step_ids (list of integer, optional): The steps, 1 to 1000, of one or several
 *       tasks: all are changed or none.
 *   retry_limit (integer, optional): Attempts allowed in total, 0 to 10000; 0 and 1
 *       both mean one. Absent: as it is.
 *   inputs (any JSON, optional): What the handler of the next attempt is given instead
 *       of the task's context: any JSON value. Absent: as it is.
 *   by (text, optional): Who, kept in the history; at most 128 characters.
 *   reason (text, optional): Why, kept in the history; at most 128 characters.
 *
 * Reply:
 *   items (list of ActedStep): One answer per step, in the request's order.
 *
 * Errors: TASKER_E_NOT_FOUND, TASKER_E_CONFLICT, and those of every operation with the
 *   database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_step_update(tasker_engine engine, const uint8_t *request, size_t request_len,
                                      tasker_buffer *reply);

#define TASKER_OP_STEP_RESET 42
/*
 * tasker_step_reset: Sets the attempts of steps that have not ended to 0. State, wait
 * and permanence stay as they are: step_retry changes those, too. A step whose
 * attempts were used up goes on, and its task with it.
 *
 * An annotation of the task of type step_reset keeps how many there were, who did it
 * and why. A step without attempts is answered as it is, with changed false.
 *
 *     {"step_id": 21, "by": "ann"}
 *
 * Request:
 *   step_id (integer, optional): The step; give this or step_ids.
 *   step_ids (list of integer, optional): The steps, 1 to 1000, of one or several
 *       tasks: all are changed or none.
 *   by (text, optional): Who, kept in the history; at most 128 characters.
 *   reason (text, optional): Why, kept in the history; at most 128 characters.
 *
 * Reply:
 *   items (list of ActedStep): One answer per step, in the request's order.
 *
 * Errors: TASKER_E_NOT_FOUND, TASKER_E_CONFLICT, and those of every operation with the
 *   database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_step_reset(tasker_engine engine, const uint8_t *request, size_t request_len,
                                     tasker_buffer *reply);

#define TASKER_OP_STEP_TRANSITION 43
/*
 * tasker_step_transition: Moves a step by one transition of its state machine and
 * writes the columns that go with it, for hosts that drive steps themselves. It makes
 * no detour: step_retry, step_resolve and step_cancel do.
 *
 * To in_progress it leases the step to worker_id, out of turn, and answers what
 * step_claim would; report its outcome by step_report with the epoch, or by this
 * operation. To complete or error it ends the attempt and counts it; an error is
 * retried by the template's rules. A step that a worker has is taken from it. A step
 * that is in the state already is answered as it is, with changed false; what is
 * illegal is a conflict that tells the present state.
 *
 *     {"step_id": 21, "to_state": "in_progress", "worker_id": 3}
 *
 * Request:
 *   step_id (integer): The step.
 *   to_state (text): The state to go to.
 *   from_state (text, optional): The state that it must be in, else it is a conflict.
 *       Absent: any from which the move is legal.
 *   worker_id (integer, optional): The worker that will run it, registered by this
 *       process; required for in_progress, where it gets a lease as from step_claim.
 *   results (any JSON, optional): What the step gave, for complete, error and
 *       resolved_manually, as for step_report and step_resolve.
 *   error (OutcomeError, optional): What went wrong, for error.
 *   permanent (boolean, optional): For error: never try again. Default false.
 *   by (text, optional): Who, kept in the history; at most 128 characters.
 *   reason (text, optional): Why, kept in the history; at most 128 characters.
 *
 * Reply:
 *   step_id (integer): The step.
 *   name (text): Its name.
 *   task_id (integer): Its task.
 *   changed (boolean): False when it was so already and nothing was written.
 *   from_state (text): Its state before.
 *   state (text): Its state now.
 *   revoked (boolean): True when a worker had the step and lost it; the worker's
 *       outcome will be refused.
 *   task_state (text): The task's state now.
 *   claimed (ClaimedStep): For in_progress: the lease with all that the handler needs,
 *       else null.
 *
 * Errors: TASKER_E_NOT_FOUND, TASKER_E_CONFLICT, and those of every operation with the
 *   database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_step_transition(tasker_engine engine, const uint8_t *request, size_t request_len,
                                          tasker_buffer *reply);

#define TASKER_OP_TASK_EXPLAIN 44
/*
 * tasker_task_explain: Tells why a task or one of its steps is not moving, from the
 * very rules that decide readiness: what holds it up and how far that reaches, until
 * when, and the cheapest call that changes it.
 *
 * Steps that only wait for others are no cause; the chain of a cause leads from it to
 * a step that waits. action is null when nothing has to be done: something runs, or
 * time ends the wait. Nothing is changed by asking.
 *
 *     {"task_id": 7}
 *
 *     {"step_id": 21}
 *
 * Request:
 *   task_id (integer, optional): The task; give this or step_id.
 *   step_id (integer, optional): The step.
 *
 * Reply:
 *   task_id (integer): The task.
 *   step_id (integer, optional): The step, when one was asked about.
 *   state (text): State of the task or step.
 *   standing (text): ended, running, ready, waiting, unserved, blocked or foreign: the
 *       worst of what a step needs, the best of what a task has.
 *   summary (text): The answer in one sentence.
 *   causes (list of Cause): What holds it up, the gravest first, at most 20. Steps
 *       that only wait for others are no cause.
 *   causes_total (integer): Causes in all.
 *   next_wake_at (instant): The earliest instant at which something can happen without
 *       a person, null when nothing can.
 *   action (Advice): The cheapest thing that lets it go on, null when nothing needs to
 *       be done, or nothing can be.
 *   alternatives (list of Advice): Other ways, the cheaper first.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_task_explain(tasker_engine engine, const uint8_t *request, size_t request_len,
                                       tasker_buffer *reply);

#define TASKER_OP_TASK_GRAPH 45
/*
 * tasker_task_graph: Answers the DAG of a task and what follows from it: levels and
 * depths, the paths that deserve most attention, how much can run at once, which
 * failures hold what back, and what the bottlenecks are; on request as text for a
 * terminal, Mermaid or DOT.
 *
 * Paths are counted and scored without listing them, so a wide task costs no more than
 * a long one. A cycle or a parent in another task, which only somebody else can have
 * written, is told as it is.
 *
 *     {"task_id": 7, "include": ["text", "mermaid"]}
 *
 * Request:
 *   task_id (integer): The task.
 *   include (list of text, optional): Drawings to add: "text", "mermaid", "dot".
 *
 * Reply:
 *   task_id (integer): The task.
 *   generated_at (instant): When this was calculated.
 *   dependency_graph (DependencyGraph): Its steps and edges.
 *   critical_paths (CriticalPaths): The ways through it that deserve most attention.
 *   parallelism_opportunities (Parallelism): How much of it can run at once.
 *   error_chains (ErrorChains): Which failures hold what back.
 *   bottlenecks (TaskBottlenecks): What holds it up.
 *   summary (GraphSummary): All of it in a few figures.
 *   text (text, optional): With text: the DAG for a terminal, with states.
 *   mermaid (text, optional): With mermaid: the DAG as a Mermaid flowchart.
 *   dot (text, optional): With dot: the DAG in Graphviz DOT.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_task_graph(tasker_engine engine, const uint8_t *request, size_t request_len,
                                     tasker_buffer *reply);

#define TASKER_OP_INSIGHT_ANALYTICS 46
/*
 * tasker_insight_analytics: Answers figures about all tasks: how many are active, and
 * of those created since an instant how many are complete or in error, how long tasks
 * and steps took, and the same over the last hour, 4 and 24 hours.
 *
 * A task is judged by its own state; one without any history is pending. An empty
 * database answers zeros. The facts about tasks stay in memory, proved current by
 * their versions, so that a call reads again only what has changed.
 *
 *     {"since": "2026-01-31T00:00:00Z"}
 *
 * Request:
 *   since (instant, optional): Only tasks created after this instant count for the
 *       figures of the period. Default: an hour ago.
 *
 * Reply:
 *   task_throughput (integer): Tasks that were created in the period.
 *   completion_count (integer): Those of them that are complete.
 *   error_count (integer): Those of them that are in error.
 *   completion_rate (number): Completed tasks in percent of all, with two decimals; 0
 *       without tasks.
 *   error_rate (number): Tasks in error in percent of all, with two decimals; 0
 *       without tasks.
 *   avg_task_duration (number): Mean seconds from creation to completion of the
 *       completed tasks, with three decimals; 0 without any.
 *   avg_step_duration (number): Mean seconds from creation to completion of the
 *       complete steps of all tasks of the period, with three decimals; 0 without any.
 *   step_throughput (integer): Steps of the tasks of the period, in any state.
 *   active_tasks_count (integer): Tasks of all times that have not ended.
 *   total_namespaces_count (integer): Namespaces that have a task.
 *   unique_task_types_count (integer): Names of task types that have a task; namespace
 *       and version make no difference.
 *   system_health_score (number): Of the tasks of the last hour that are complete or
 *       in error, the part that is complete: 0 to 1 with three decimals, 1 without
 *       any.
 *   performance_trends (Trends): The same figures over the last hour, the last 4 and
 *       the last 24 hours.
 *   analysis_period_start (instant): The instant after which the tasks of the period
 *       were created.
 *   calculated_at (instant): When this was calculated.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_insight_analytics(tasker_engine engine, const uint8_t *request, size_t request_len,
                                            tasker_buffer *reply);

#define TASKER_OP_INSIGHT_SLOWEST_STEPS 47
/*
 * tasker_insight_slowest_steps: Lists the complete steps that took longest from
 * creation to completion, of those created in the last 24 hours or since an instant.
 *
 *     {"namespace": "shop", "limit": 5}
 *
 * Request:
 *   since (instant, optional): Only what was created after this instant. Default: 24
 *       hours ago.
 *   limit (integer, optional): Most items to return, 1 to 1000. Default 10.
 *   namespace (text, optional): Only tasks of this namespace.
 *   name (text, optional): Only tasks of this name.
 *   version (text, optional): Only tasks of this version.
 *
 * Reply:
 *   items (list of SlowStep): The steps, the longest first; of equals the one with the
 *       lower id.
 *   next (integer): Always null: the request bounds the list.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_insight_slowest_steps(tasker_engine engine, const uint8_t *request, size_t request_len,
                                                tasker_buffer *reply);

#define TASKER_OP_INSIGHT_SLOWEST_TASKS 48
/*
 * tasker_insight_slowest_tasks: Lists the tasks that took longest from creation to the
 * last end of a step, of those created in the last 24 hours or since an instant. A
 * task of which no step is complete or in error is left out.
 *
 *     {"since": "2026-01-31T00:00:00Z", "name": "order_flow"}
 *
 * Request:
 *   since (instant, optional): Only what was created after this instant. Default: 24
 *       hours ago.
 *   limit (integer, optional): Most items to return, 1 to 1000. Default 10.
 *   namespace (text, optional): Only tasks of this namespace.
 *   name (text, optional): Only tasks of this name.
 *   version (text, optional): Only tasks of this version.
 *
 * Reply:
 *   items (list of SlowTask): The tasks, the longest first; of equals the one with the
 *       lower id.
 *   next (integer): Always null: the request bounds the list.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_insight_slowest_tasks(tasker_engine engine, const uint8_t *request, size_t request_len,
                                                tasker_buffer *reply);

#define TASKER_OP_INSIGHT_HEALTH_COUNTS 49
/*
 * tasker_insight_health_counts: Counts tasks and steps by state over the whole
 * database, tells how many failed steps will be tried again, wait for it, or have no
 * attempt left, and how many connections the database has and allows.
 *
 * The counts by state add up to the totals. It reads every step: for a page that a
 * person looks at, not for a probe.
 *
 * Request:
 *   no fields of its own
 *
 * Reply:
 *   total_tasks (integer): All tasks.
 *   pending_tasks (integer): Tasks in state pending, among them those without any
 *       history.
 *   in_progress_tasks (integer): Tasks in state in_progress.
 *   complete_tasks (integer): Tasks in state complete.
 *   error_tasks (integer): Tasks in state error.
 *   cancelled_tasks (integer): Tasks in state cancelled.
 *   resolved_manually_tasks (integer): Tasks in state resolved_manually.
 *   unknown_tasks (integer): Tasks in a state that the machine lacks.
 *   total_steps (integer): All steps.
 *   pending_steps (integer): Steps in state pending, among them those without any
 *       history.
 *   in_progress_steps (integer): Steps in state in_progress.
 *   complete_steps (integer): Steps in state complete.
 *   error_steps (integer): Steps in state error.
 *   cancelled_steps (integer): Steps in state cancelled.
 *   resolved_manually_steps (integer): Steps in state resolved_manually.
 *   unknown_steps (integer): Steps in a state that the machine lacks.
 *   retryable_error_steps (integer): Steps in error that will be tried again:
 *       retryable, with an attempt left.
 *   exhausted_retry_steps (integer): Steps in error whose attempts are used up.
 *   in_backoff_steps (integer): Steps of retryable_error_steps whose wait is not over.
 *   active_connections (integer): Connections to the database that are at work, this
 *       call's included.
 *   max_connections (integer): Connections that the database allows.
 *   calculated_at (instant): When this was counted.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_insight_health_counts(tasker_engine engine, const uint8_t *request, size_t request_len,
                                                tasker_buffer *reply);

#define TASKER_OP_INSIGHT_BOTTLENECKS 50
/*
 * tasker_insight_bottlenecks: Answers what slows tasks down, of those created in the
 * last 24 hours or another period: the slowest tasks and steps, how attempts fail,
 * which steps others wait for, how durations spread, and what deserves a look.
 *
 *     {"namespace": "shop", "period_hours": 72}
 *
 * Request:
 *   namespace (text, optional): Only tasks of this namespace.
 *   name (text, optional): Only tasks of this name.
 *   version (text, optional): Only tasks of this version.
 *   period_hours (integer, optional): Only tasks created in the last so many hours, 1
 *       to 87600. Default 24.
 *
 * Reply:
 *   scope_summary (Scope): What the answer covers.
 *   bottleneck_analysis (BottleneckAnalysis): What slows tasks down.
 *   performance_distribution (Distribution): How the durations of tasks spread.
 *   recommendations (list of text): What deserves a look, one sentence each; empty
 *       when nothing stands out.
 *   scope (BottleneckScope): The filter that was asked for.
 *   analysis_period_hours (integer): The period that was looked at.
 *   generated_at (instant): When this was calculated.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_insight_bottlenecks(tasker_engine engine, const uint8_t *request, size_t request_len,
                                              tasker_buffer *reply);

#define TASKER_OP_STEP_LIST 51
/*
 * tasker_step_list: Lists steps, by id unless sort and order say otherwise, one page
 * at a time. All given filters must match; the named ones are short for conditions in
 * where.
 *
 * Fields of where: step_id (integer): the step; task_id (integer): its task; name
 * (text): its name; named_step_id (integer): its named step; state (state): its
 * current state, pending when it has no history; state_since (instant): since when;
 * its creation when it has no history; namespace (text): namespace of the task type;
 * task_name (text): name of the task type; version (text): version of the task type;
 * task_created_at (instant): when the task was created; attempts (integer): attempts
 * that have ended; retry_limit (integer): attempts allowed in total; retryable
 * (boolean): whether it may be tried again after a failure; retries_left (boolean):
 * whether it may, and the limit leaves an attempt; in_process (boolean): whether it is
 * leased; processed (boolean): whether it succeeded; skippable (boolean): whether it
 * may be bypassed; processed_at (instant or null): when it completed;
 * last_attempted_at (instant or null): when its last attempt ended;
 * backoff_request_seconds (integer or null): the wait after its last failure;
 * parent_count (integer): edges into it; a root has 0; child_count (integer): edges
 * out of it; a leaf has 0; parent_id (integer, several): the steps before it; child_id
 * (integer, several): the steps after it; sibling_id (integer, several): other steps
 * with the very same parents; inputs (JSON scalar, path of keys): a value in the
 * inputs; results (JSON scalar, path of keys): a value in the results; created_at
 * (instant): when it was created; updated_at (instant): when its row last changed.
 * Sort keys: step_id, task_id, name, state_since, attempts, processed_at,
 * last_attempted_at, created_at, updated_at.
 *
 *     {"states": ["error"], "where": [{"field": "namespace", "value": "shop"},
 *     {"field": "retries_left", "value": false}]}
 *
 * Request:
 *   after (text, optional): The value of next from the page before, in a request that
 *       is otherwise the same; absent for the first page.
 *   limit (integer, optional): Most items to return, 1 to 1000. Default 50.
 *   where (list of Filter, optional): Conditions that must all hold, at most 50.
 *   sort (text, optional): What the list is sorted by, one of the operation's sort
 *       keys; ids settle ties.
 *   order (text, optional): "asc" or "desc".
 *   task_id (integer, optional): Only steps of this task.
 *   states (list of text, optional): Only steps in one of these states.
 *   name (text, optional): Only steps of this name.
 *
 * Reply:
 *   items (list of StepInfo): The steps.
 *   next (text): Cursor of the next page, null at the end.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_step_list(tasker_engine engine, const uint8_t *request, size_t request_len,
                                    tasker_buffer *reply);

#define TASKER_OP_NAMESPACE_GET 52
/*
 * tasker_namespace_get: Answers a namespace by its id or its name.
 *
 *     {"name": "shop"}
 *
 * Request:
 *   id (integer, optional): Its id; give this or name.
 *   name (text, optional): Its name.
 *
 * Reply:
 *   id (integer): Its id.
 *   name (text): Its name.
 *   description (text): Its description.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_namespace_get(tasker_engine engine, const uint8_t *request, size_t request_len,
                                        tasker_buffer *reply);

#define TASKER_OP_NAMESPACE_LIST 53
/*
 * tasker_namespace_list: Lists namespaces, by id unless sort and order say otherwise,
 * one page at a time.
 *
 * Fields of where: id (integer): the namespace; name (text): its name; description
 * (text): its description; created_at (instant): when it was created; updated_at
 * (instant): when it last changed. Sort keys: id, name, created_at, updated_at.
 *
 * Request:
 *   after (text, optional): The value of next from the page before, in a request that
 *       is otherwise the same; absent for the first page.
 *   limit (integer, optional): Most items to return, 1 to 1000. Default 50.
 *   where (list of Filter, optional): Conditions that must all hold, at most 50.
 *   sort (text, optional): What the list is sorted by, one of the operation's sort
 *       keys; ids settle ties.
 *   order (text, optional): "asc" or "desc".
 *
 * Reply:
 *   items (list of EntryInfo): The entries, by id unless asked otherwise.
 *   next (text): Cursor of the next page, null at the end.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_namespace_list(tasker_engine engine, const uint8_t *request, size_t request_len,
                                         tasker_buffer *reply);

#define TASKER_OP_NAMESPACE_CREATE 54
/*
 * tasker_namespace_create: Stores a namespace. A namespace groups task types.
 *
 * One that is there already is answered as it is, with duplicate true.
 *
 *     {"name": "shop", "description": "orders and refunds"}
 *
 * Request:
 *   name (text): Its name, 1 to 64 characters.
 *   description (text, optional): Its description, at most 255 characters.
 *
 * Reply:
 *   id (integer): Its id.
 *   name (text): Its name.
 *   description (text): Its description.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *   duplicate (boolean): Whether it was there already; then it is answered as it is.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_namespace_create(tasker_engine engine, const uint8_t *request, size_t request_len,
                                           tasker_buffer *reply);

#define TASKER_OP_NAMESPACE_UPDATE 55
/*
 * tasker_namespace_update: Changes the description of a namespace. Names stay, since
 * others refer to them.
 *
 *     {"id": 3, "description": "what it is for"}
 *
 * Request:
 *   id (integer): Its id.
 *   description (text, optional): The new description, at most 255 characters; ""
 *       removes it.
 *
 * Reply:
 *   id (integer): Its id.
 *   name (text): Its name.
 *   description (text): Its description.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_namespace_update(tasker_engine engine, const uint8_t *request, size_t request_len,
                                           tasker_buffer *reply);

#define TASKER_OP_NAMED_TASK_GET 56
/*
 * tasker_named_task_get: Answers a task type by its id, or by its name; without a
 * version it is the greatest.
 *
 *     {"namespace": "shop", "name": "order_flow"}
 *
 * Request:
 *   id (integer, optional): Its id; give this or name.
 *   name (text, optional): Its name.
 *   namespace (text, optional): Its namespace, with name. Default "default".
 *   version (text, optional): Its version, with name; absent: the greatest.
 *
 * Reply:
 *   id (integer): Its id.
 *   name (text): Its name.
 *   description (text): Its description.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *   namespace (text): Its namespace.
 *   version (text): Its version.
 *   configuration (any JSON): Its configuration: the template, if it was registered as
 *       one.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_named_task_get(tasker_engine engine, const uint8_t *request, size_t request_len,
                                         tasker_buffer *reply);

#define TASKER_OP_NAMED_TASK_LIST 57
/*
 * tasker_named_task_list: Lists task types with their configurations, by id unless
 * sort and order say otherwise, one page at a time. template_list shows their steps
 * instead.
 *
 * Fields of where: id (integer): the task type; namespace (text): its namespace; name
 * (text): its name; version (text): its version; description (text): its description;
 * configuration (JSON scalar, path of keys): a value in the template; created_at
 * (instant): when it was created; updated_at (instant): when it last changed. Sort
 * keys: id, namespace, name, created_at, updated_at.
 *
 * Request:
 *   after (text, optional): The value of next from the page before, in a request that
 *       is otherwise the same; absent for the first page.
 *   limit (integer, optional): Most items to return, 1 to 1000. Default 50.
 *   where (list of Filter, optional): Conditions that must all hold, at most 50.
 *   sort (text, optional): What the list is sorted by, one of the operation's sort
 *       keys; ids settle ties.
 *   order (text, optional): "asc" or "desc".
 *   latest (boolean, optional): Only the greatest version of each, by the order of
 *       semantic versions. Default false.
 *
 * Reply:
 *   items (list of NamedTaskInfo): The task types, by id unless asked otherwise.
 *   next (text): Cursor of the next page, null at the end.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_named_task_list(tasker_engine engine, const uint8_t *request, size_t request_len,
                                          tasker_buffer *reply);

#define TASKER_OP_NAMED_TASK_CREATE 58
/*
 * tasker_named_task_create: Stores a task type without steps, as an engine needs it
 * that keeps its own templates. template_register is what tasks are created from here.
 *
 * The namespace is created if it is not there. A task type of the same namespace, name
 * and version is answered as it is, with duplicate true.
 *
 *     {"namespace": "shop", "name": "order_flow", "version": "1.0.0"}
 *
 * Request:
 *   name (text): Its name, 1 to 64 characters.
 *   namespace (text, optional): Its namespace, which is created if it is not there.
 *       Default "default".
 *   version (text, optional): Its version, three numbers with dots. Default "0.1.0".
 *   description (text, optional): Its description, at most 255 characters.
 *   configuration (any JSON, optional): Its configuration, an object. Default {}.
 *
 * Reply:
 *   id (integer): Its id.
 *   name (text): Its name.
 *   description (text): Its description.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *   namespace (text): Its namespace.
 *   version (text): Its version.
 *   configuration (any JSON): Its configuration: the template, if it was registered as
 *       one.
 *   duplicate (boolean): Whether it was there already; then it is answered as it is.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_named_task_create(tasker_engine engine, const uint8_t *request, size_t request_len,
                                            tasker_buffer *reply);

#define TASKER_OP_NAMED_TASK_UPDATE 59
/*
 * tasker_named_task_update: Changes the description of a task type and merges keys
 * into its configuration, at any depth. A configuration that is a registered template
 * is a conflict: template_register replaces it whole.
 *
 *     {"id": 3, "configuration": {"queue": "slow"}}
 *
 * Request:
 *   id (integer): Its id.
 *   description (text, optional): The new description, at most 255 characters; ""
 *       removes it.
 *   configuration (any JSON, optional): Keys to merge into the configuration, at any
 *       depth. A registered template is changed by template_register instead.
 *
 * Reply:
 *   id (integer): Its id.
 *   name (text): Its name.
 *   description (text): Its description.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *   namespace (text): Its namespace.
 *   version (text): Its version.
 *   configuration (any JSON): Its configuration: the template, if it was registered as
 *       one.
 *
 * Errors: TASKER_E_NOT_FOUND, TASKER_E_CONFLICT, and those of every operation with the
 *   database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_named_task_update(tasker_engine engine, const uint8_t *request, size_t request_len,
                                            tasker_buffer *reply);

#define TASKER_OP_NAMED_STEP_GET 60
/*
 * tasker_named_step_get: Answers a named step by its id, or by its name and its
 * system.
 *
 *     {"name": "charge", "dependent_system": "billing"}
 *
 * Request:
 *   id (integer, optional): Its id; give this or name.
 *   name (text, optional): Its name.
 *   dependent_system (text, optional): The system it belongs to, with name. Default
 *       "default".
 *
 * Reply:
 *   id (integer): Its id.
 *   name (text): Its name.
 *   description (text): Its description.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *   dependent_system (text): The system it belongs to.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_named_step_get(tasker_engine engine, const uint8_t *request, size_t request_len,
                                         tasker_buffer *reply);

#define TASKER_OP_NAMED_STEP_LIST 61
/*
 * tasker_named_step_list: Lists named steps, by id unless sort and order say
 * otherwise, one page at a time.
 *
 * Fields of where: id (integer): the named step; name (text): its name;
 * dependent_system (text): the system it belongs to; description (text): its
 * description; created_at (instant): when it was created; updated_at (instant): when
 * it last changed. Sort keys: id, name, dependent_system, created_at, updated_at.
 *
 * Request:
 *   after (text, optional): The value of next from the page before, in a request that
 *       is otherwise the same; absent for the first page.
 *   limit (integer, optional): Most items to return, 1 to 1000. Default 50.
 *   where (list of Filter, optional): Conditions that must all hold, at most 50.
 *   sort (text, optional): What the list is sorted by, one of the operation's sort
 *       keys; ids settle ties.
 *   order (text, optional): "asc" or "desc".
 *
 * Reply:
 *   items (list of NamedStepInfo): The named steps, by id unless asked otherwise.
 *   next (text): Cursor of the next page, null at the end.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_named_step_list(tasker_engine engine, const uint8_t *request, size_t request_len,
                                          tasker_buffer *reply);

#define TASKER_OP_NAMED_STEP_CREATE 62
/*
 * tasker_named_step_create: Stores a named step. Templates do so by themselves; the
 * same name may be there once for each system.
 *
 * The system is created if it is not there. A named step that is there already is
 * answered as it is, with duplicate true.
 *
 *     {"name": "charge", "dependent_system": "billing"}
 *
 * Request:
 *   name (text): Its name, 1 to 128 characters.
 *   dependent_system (text, optional): The system it belongs to, which is created if
 *       it is not there. Default "default".
 *   description (text, optional): Its description, at most 255 characters.
 *
 * Reply:
 *   id (integer): Its id.
 *   name (text): Its name.
 *   description (text): Its description.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *   dependent_system (text): The system it belongs to.
 *   duplicate (boolean): Whether it was there already; then it is answered as it is.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_named_step_create(tasker_engine engine, const uint8_t *request, size_t request_len,
                                            tasker_buffer *reply);

#define TASKER_OP_NAMED_STEP_UPDATE 63
/*
 * tasker_named_step_update: Changes the description of a named step. Names stay, since
 * templates and handlers refer to them.
 *
 *     {"id": 3, "description": "charges the card"}
 *
 * Request:
 *   id (integer): Its id.
 *   description (text, optional): The new description, at most 255 characters; ""
 *       removes it.
 *
 * Reply:
 *   id (integer): Its id.
 *   name (text): Its name.
 *   description (text): Its description.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *   dependent_system (text): The system it belongs to.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_named_step_update(tasker_engine engine, const uint8_t *request, size_t request_len,
                                            tasker_buffer *reply);

#define TASKER_OP_DEPENDENT_SYSTEM_GET 64
/*
 * tasker_dependent_system_get: Answers a dependent system by its id or its name.
 *
 *     {"name": "billing"}
 *
 * Request:
 *   id (integer, optional): Its id; give this or name.
 *   name (text, optional): Its name.
 *
 * Reply:
 *   id (integer): Its id.
 *   name (text): Its name.
 *   description (text): Its description.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_dependent_system_get(tasker_engine engine, const uint8_t *request, size_t request_len,
                                               tasker_buffer *reply);

#define TASKER_OP_DEPENDENT_SYSTEM_LIST 65
/*
 * tasker_dependent_system_list: Lists dependent systems, by id unless sort and order
 * say otherwise, one page at a time.
 *
 * Fields of where: id (integer): the dependent system; name (text): its name;
 * description (text): its description; created_at (instant): when it was created;
 * updated_at (instant): when it last changed. Sort keys: id, name, created_at,
 * updated_at.
 *
 * Request:
 *   after (text, optional): The value of next from the page before, in a request that
 *       is otherwise the same; absent for the first page.
 *   limit (integer, optional): Most items to return, 1 to 1000. Default 50.
 *   where (list of Filter, optional): Conditions that must all hold, at most 50.
 *   sort (text, optional): What the list is sorted by, one of the operation's sort
 *       keys; ids settle ties.
 *   order (text, optional): "asc" or "desc".
 *
 * Reply:
 *   items (list of EntryInfo): The entries, by id unless asked otherwise.
 *   next (text): Cursor of the next page, null at the end.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_dependent_system_list(tasker_engine engine, const uint8_t *request, size_t request_len,
                                                tasker_buffer *reply);

#define TASKER_OP_DEPENDENT_SYSTEM_CREATE 66
/*
 * tasker_dependent_system_create: Stores a dependent system. A dependent system is
 * what named steps belong to and object maps connect.
 *
 * One that is there already is answered as it is, with duplicate true.
 *
 *     {"name": "billing"}
 *
 * Request:
 *   name (text): Its name, 1 to 64 characters.
 *   description (text, optional): Its description, at most 255 characters.
 *
 * Reply:
 *   id (integer): Its id.
 *   name (text): Its name.
 *   description (text): Its description.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *   duplicate (boolean): Whether it was there already; then it is answered as it is.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_dependent_system_create(tasker_engine engine, const uint8_t *request, size_t request_len,
                                                  tasker_buffer *reply);

#define TASKER_OP_DEPENDENT_SYSTEM_UPDATE 67
/*
 * tasker_dependent_system_update: Changes the description of a dependent system. Names
 * stay, since others refer to them.
 *
 *     {"id": 3, "description": "what it is for"}
 *
 * Request:
 *   id (integer): Its id.
 *   description (text, optional): The new description, at most 255 characters; ""
 *       removes it.
 *
 * Reply:
 *   id (integer): Its id.
 *   name (text): Its name.
 *   description (text): Its description.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_dependent_system_update(tasker_engine engine, const uint8_t *request, size_t request_len,
                                                  tasker_buffer *reply);

#define TASKER_OP_OBJECT_MAP_GET 68
/*
 * tasker_object_map_get: Answers an object map, which says that two systems know the
 * same object by two names.
 *
 * Request:
 *   id (integer): Its id. By what it holds it is found with object_map_list.
 *
 * Reply:
 *   id (integer): Its id.
 *   system_one (text): The first system.
 *   remote_id_one (text): What the first system calls the object.
 *   system_two (text): The second system.
 *   remote_id_two (text): What the second system calls it.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_object_map_get(tasker_engine engine, const uint8_t *request, size_t request_len,
                                         tasker_buffer *reply);

#define TASKER_OP_OBJECT_MAP_LIST 69
/*
 * tasker_object_map_list: Lists object maps, by id unless sort and order say
 * otherwise, one page at a time.
 *
 * Fields of where: id (integer): the object map; system_one (text): the first system;
 * remote_id_one (text): what the first system calls the object; system_two (text): the
 * second system; remote_id_two (text): what the second system calls it; created_at
 * (instant): when it was created; updated_at (instant): when it last changed. Sort
 * keys: id, system_one, remote_id_one, system_two, remote_id_two, created_at,
 * updated_at.
 *
 * Request:
 *   after (text, optional): The value of next from the page before, in a request that
 *       is otherwise the same; absent for the first page.
 *   limit (integer, optional): Most items to return, 1 to 1000. Default 50.
 *   where (list of Filter, optional): Conditions that must all hold, at most 50.
 *   sort (text, optional): What the list is sorted by, one of the operation's sort
 *       keys; ids settle ties.
 *   order (text, optional): "asc" or "desc".
 *
 * Reply:
 *   items (list of ObjectMapInfo): The object maps, by id unless asked otherwise.
 *   next (text): Cursor of the next page, null at the end.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_object_map_list(tasker_engine engine, const uint8_t *request, size_t request_len,
                                          tasker_buffer *reply);

#define TASKER_OP_OBJECT_MAP_CREATE 70
/*
 * tasker_object_map_create: Stores that two systems know the same object by two names.
 * The systems must be there.
 *
 * An object map that says the same, in either order, is answered as it is, with
 * duplicate true.
 *
 *     {"system_one": "billing", "remote_id_one": "cus_9", "system_two": "shop",
 *     "remote_id_two": "42"}
 *
 * Request:
 *   system_one (text): The first system, which must be there.
 *   remote_id_one (text): What it calls the object, 1 to 128 characters.
 *   system_two (text): The second system, which must be there.
 *   remote_id_two (text): What it calls the object, 1 to 128 characters.
 *
 * Reply:
 *   id (integer): Its id.
 *   system_one (text): The first system.
 *   remote_id_one (text): What the first system calls the object.
 *   system_two (text): The second system.
 *   remote_id_two (text): What the second system calls it.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *   duplicate (boolean): Whether it was there already, in either order; then it is
 *       answered as it is.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_object_map_create(tasker_engine engine, const uint8_t *request, size_t request_len,
                                            tasker_buffer *reply);

#define TASKER_OP_OBJECT_MAP_UPDATE 71
/*
 * tasker_object_map_update: Changes what the systems of an object map call the object.
 * When another object map says the same already, that is a duplicate.
 *
 *     {"id": 3, "remote_id_two": "43"}
 *
 * Request:
 *   id (integer): Its id.
 *   remote_id_one (text, optional): What the first system calls the object from now
 *       on; absent: as before.
 *   remote_id_two (text, optional): What the second system calls it from now on;
 *       absent: as before.
 *
 * Reply:
 *   id (integer): Its id.
 *   system_one (text): The first system.
 *   remote_id_one (text): What the first system calls the object.
 *   system_two (text): The second system.
 *   remote_id_two (text): What the second system calls it.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *
 * Errors: TASKER_E_NOT_FOUND, TASKER_E_DUPLICATE, and those of every operation with
 *   the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_object_map_update(tasker_engine engine, const uint8_t *request, size_t request_len,
                                            tasker_buffer *reply);

#define TASKER_OP_ANNOTATION_TYPE_GET 72
/*
 * tasker_annotation_type_get: Answers an annotation type by its id or its name.
 *
 *     {"name": "review"}
 *
 * Request:
 *   id (integer, optional): Its id; give this or name.
 *   name (text, optional): Its name.
 *
 * Reply:
 *   id (integer): Its id.
 *   name (text): Its name.
 *   description (text): Its description.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_annotation_type_get(tasker_engine engine, const uint8_t *request, size_t request_len,
                                              tasker_buffer *reply);

#define TASKER_OP_ANNOTATION_TYPE_LIST 73
/*
 * tasker_annotation_type_list: Lists annotation types, by id unless sort and order say
 * otherwise, one page at a time.
 *
 * Fields of where: id (integer): the annotation type; name (text): its name;
 * description (text): its description; created_at (instant): when it was created;
 * updated_at (instant): when it last changed. Sort keys: id, name, created_at,
 * updated_at.
 *
 * Request:
 *   after (text, optional): The value of next from the page before, in a request that
 *       is otherwise the same; absent for the first page.
 *   limit (integer, optional): Most items to return, 1 to 1000. Default 50.
 *   where (list of Filter, optional): Conditions that must all hold, at most 50.
 *   sort (text, optional): What the list is sorted by, one of the operation's sort
 *       keys; ids settle ties.
 *   order (text, optional): "asc" or "desc".
 *
 * Reply:
 *   items (list of EntryInfo): The entries, by id unless asked otherwise.
 *   next (text): Cursor of the next page, null at the end.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_annotation_type_list(tasker_engine engine, const uint8_t *request, size_t request_len,
                                               tasker_buffer *reply);

#define TASKER_OP_ANNOTATION_TYPE_CREATE 74
/*
 * tasker_annotation_type_create: Stores an annotation type. An annotation type says
 * what an annotation of a task is about.
 *
 * One that is there already is answered as it is, with duplicate true.
 *
 *     {"name": "review"}
 *
 * Request:
 *   name (text): Its name, 1 to 64 characters.
 *   description (text, optional): Its description, at most 255 characters.
 *
 * Reply:
 *   id (integer): Its id.
 *   name (text): Its name.
 *   description (text): Its description.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *   duplicate (boolean): Whether it was there already; then it is answered as it is.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_annotation_type_create(tasker_engine engine, const uint8_t *request, size_t request_len,
                                                 tasker_buffer *reply);

#define TASKER_OP_ANNOTATION_TYPE_UPDATE 75
/*
 * tasker_annotation_type_update: Changes the description of an annotation type. Names
 * stay, since others refer to them.
 *
 *     {"id": 3, "description": "what it is for"}
 *
 * Request:
 *   id (integer): Its id.
 *   description (text, optional): The new description, at most 255 characters; ""
 *       removes it.
 *
 * Reply:
 *   id (integer): Its id.
 *   name (text): Its name.
 *   description (text): Its description.
 *   created_at (instant): When it was created.
 *   updated_at (instant): When it last changed.
 *
 * Errors: TASKER_E_NOT_FOUND, and those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_annotation_type_update(tasker_engine engine, const uint8_t *request, size_t request_len,
                                                 tasker_buffer *reply);

#define TASKER_OP_ENGINE_METRICS 76
/*
 * tasker_engine_metrics: Answers what engine_health tells as figures in Prometheus'
 * text format, for an endpoint of the host to serve.
 *
 * Those of queues, tasks and workers are of the database: every process on it answers
 * the same. Those of the cache and the panics are of this engine.
 *
 * Request:
 *   no fields of its own
 *
 * Reply:
 *   text (text): Figures in Prometheus' text format.
 *   content_type (text): What an HTTP endpoint says that serves the text.
 *
 * Errors: those of every operation with the database.
 * Blocks until the database has answered, at most timeout_ms. Any thread. The reply is
 * the caller's to release. Since 0.1.0.
 */
TASKER_API int32_t tasker_engine_metrics(tasker_engine engine, const uint8_t *request, size_t request_len,
                                         tasker_buffer *reply);

/* tasker:generated:end */

#ifdef __cplusplus
}
#endif

#endif
