# Lifecycle.py: what makes the library at home in Python
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""PyGObject imports this module by itself when a program imports Lifecycle from gi.repository. What
it adds is described in python.md of the documentation.
"""

import asyncio
import atexit
import functools
import sys
import threading
import traceback

from gi.repository import Gio, GLib, GObject

from ..module import get_introspection_module
from ..overrides import override

Lifecycle = get_introspection_module("Lifecycle")

__all__ = []

_Base = Lifecycle.Scope
_Flags = Lifecycle.ConnectFlags
_Reason = Lifecycle.Reason
_State = Lifecycle.State

# A widget or a socket may have a method of its own that is called connect().
_connect = GObject.Object.connect
_connect_after = GObject.Object.connect_after

_add_handler = _Base.add_handler
_add_handler_from = _Base.add_handler_from
_connect_closure = _Base.connect_signal
_defer = _Base.defer
_set_place = Lifecycle.set_place
_getframe = sys._getframe

# With these flags the library has to connect the handler, and not PyGObject.
_NEEDS_CLOSURE = _Flags.SWAPPED | _Flags.ONCE | _Flags.QUEUED | _Flags.GUARDED

# Places where Python code has created scopes: their number is limited by the size of the program.
_own_places = set()


class _Site:
    """A place in the program that calls this module."""

    __slots__ = ("place", "number", "code")

    def __init__(self, frame):
        self.code = frame.f_code
        self.place = f"{self.code.co_filename}:{frame.f_lineno}"
        self.number = Lifecycle.intern_place(self.place)


# By the address of the code and the instruction in it: to look up the line and to format it takes longer
# than to adopt a handler. The site keeps the code, so that the address stays its own.
_sites = {}

# The last site at each instruction, whatever the code: mostly it is the one, and a key that is a mere number
# is found sooner.
_last_sites = {}


def _new_site(frame):
    # A program that compiles code again and again must not fill the memory with it.
    if len(_sites) >= 10000:
        _sites.clear()
        _last_sites.clear()
    site = _sites[id(frame.f_code), frame.f_lasti] = _Site(frame)
    return site


def _last_site(frame):
    site = _sites.get((id(frame.f_code), frame.f_lasti)) or _new_site(frame)
    _last_sites[frame.f_lasti] = site
    return site


def _place(depth=2):
    """The place in the source of a caller, of the form "file:line"."""
    frame = _getframe(depth)
    site = _sites.get((id(frame.f_code), frame.f_lasti)) or _new_site(frame)
    return site.place


def _scope_place(depth=3):
    """Tells the library where the scope is created that is about to be."""
    place = _place(depth)
    _own_places.add(place)
    _set_place(place)


def _text(name):
    """A name that may come from a file system, or from the network, as text that is valid."""
    if not isinstance(name, str):
        raise TypeError(f"a name is text, not {type(name).__name__}")
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _check_reason(reason):
    if isinstance(reason, int) and not _Reason.NONE < reason < _Reason.DROPPED:
        raise ValueError(f"nobody can close a scope with the reason {reason!r}")


def _check_callable(callback):
    if not callable(callback):
        raise TypeError(f"a callable is needed, not {type(callback).__name__}")


def _report(scope, place, error):
    """Makes an exception that nobody else can catch an error of the scope."""
    lines = traceback.format_exception(type(error), error, _without_own_frames(error.__traceback__))
    summary = "".join(traceback.format_exception_only(type(error), error)).strip()
    scope.add_failure(place, f"{summary}\n{''.join(lines).rstrip()}")


def _without_own_frames(tb):
    while tb is not None and tb.tb_next is not None and tb.tb_frame.f_code.co_filename == __file__:
        tb = tb.tb_next
    return tb


def _weakly(scope):
    """A function that returns the scope, or None if it has gone.

    What the scope owns must not keep it alive. A weak reference of Python is not enough: PyGObject
    may make another wrapper for the same scope.
    """
    weak = scope.__dict__.get("_weak")
    if weak is None:
        weak = scope._weak = scope.weak_ref()
    return weak


def _guard(scope, callback, place, result=None):
    """A function that calls the callback, and never throws. After an exception, it returns RESULT."""
    _check_callable(callback)
    return functools.partial(_call_guarded, _weakly(scope), callback, place, result)


def _call_guarded(weak, callback, place, result, *args):
    try:
        return callback(*args)
    except Exception as error:
        owner = weak()
        if owner is None:
            raise
        _report(owner, place, error)
        return result


def _call_handler(*args):
    """Calls a handler with all arguments but the last three, which connect_signal() has added."""
    try:
        return args[-2](*args[:-3])
    except Exception as error:
        owner = args[-3]()
        if owner is None:
            raise
        _report(owner, args[-1].place, error)
        return None


def _accepts_scope(callback, n_args):
    """Whether a cleanup wants the scope and the reason in front of its N_ARGS arguments."""
    bound = 0
    while isinstance(callback, functools.partial):
        n_args += len(callback.args)
        callback = callback.func
    if hasattr(callback, "__func__"):
        callback, bound = callback.__func__, 1
    code = getattr(callback, "__code__", None)
    if code is None:
        call = getattr(type(callback), "__call__", None)
        code = getattr(call, "__code__", None)
        if code is None or isinstance(callback, type):
            return False
        callback, bound = call, 1
    if code.co_flags & 0x04:  # it takes *args
        return n_args == 0
    defaults = len(callback.__defaults__ or ())
    return code.co_argcount - bound - defaults >= n_args + 2


class Timer(Lifecycle.Timer):
    def __repr__(self):
        if not self.is_active():
            return "<Lifecycle.Timer ended>"
        return f"<Lifecycle.Timer every {self.get_interval()} ms, {self.get_n_calls()} calls>"


class Operation(Lifecycle.Operation):
    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc, tb):
        self.end()

    def __repr__(self):
        return f"<Lifecycle.Operation {self.get_name()!r}, {self.get_age()} ms>"


class Scope(Lifecycle.Scope):
    def __init__(self, name=None, parent=None, **properties):
        if name is not None:
            properties["name"] = _text(name)
        if parent is not None:
            properties["parent"] = parent
        _scope_place()
        try:
            super().__init__(**properties)
        except BaseException:
            _set_place(None)
            raise

    # -- as a value -------------------------------------------------------------------------------

    def __repr__(self):
        state = self.get_state()
        text = f"<Lifecycle.Scope {self.get_path()!r} {state.value_nick}"
        if state == _State.CLOSED:
            detail = self.get_reason_detail()
            text += f": {self.get_reason().value_nick}" + (f" ({detail})" if detail else "")
        else:
            n = self.get_n_entries()
            text += f", {n} {'entry' if n == 1 else 'entries'}"
        place = self.get_place()
        return text + (f", made at {place}>" if place else ">")

    def __bool__(self):
        return True

    def __len__(self):
        return self.get_n_entries()

    def __iter__(self):
        return iter(self.list_records())

    # -- blocks -----------------------------------------------------------------------------------

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc, tb):
        if exc_type is None:
            self.close()
        else:
            self.close_with_reason(_Reason.ABORTED, _detail(exc_type, exc))

    async def __aenter__(self):
        _loop(self)
        return self

    async def __aexit__(self, exc_type, exc, tb):
        if exc_type is None:
            await self._end(_Reason.COMPLETED)
        else:
            await self._end(_Reason.ABORTED, _detail(exc_type, exc))

    async def _end(self, reason, detail=None, timeout_ms=0):
        """Closes, and waits for what is under way; that goes on if the task is cancelled."""
        _loop(self)
        if detail is not None:
            self.set_reason_detail(detail)
        super().close_async(reason, timeout_ms, None, None)
        await asyncio.shield(self.closed())

    # -- scopes -----------------------------------------------------------------------------------

    @classmethod
    def new(cls, name=None):
        _scope_place()
        return _Base.new(name and _text(name))

    @staticmethod
    def of(object):
        _scope_place()
        return _Base.of(object)

    def new_child(self, name=None):
        _scope_place()
        return super().new_child(name and _text(name))

    def get_child(self, name):
        _scope_place()
        return super().get_child(_text(name))

    def get_child_for(self, object):
        _scope_place()
        return super().get_child_for(object)

    def renew_child(self, name):
        _scope_place()
        return super().renew_child(_text(name))

    def renew_child_for(self, object):
        _scope_place()
        return super().renew_child_for(object)

    def close_with_reason(self, reason, detail=None):
        _check_reason(reason)
        return super().close_with_reason(reason, detail)

    def clear_kind(self, kind, recursive=False):
        return super().clear_kind(kind, recursive)

    def sweep_handlers(self, recursive=False):
        return super().sweep_handlers(recursive)

    # GLib says nothing when a handler that PyGObject has connected is disconnected, so the scope has to look
    # before it can say how many there are.

    def get_n_entries(self):
        super().sweep_handlers(False)
        return super().get_n_entries()

    def get_statistics(self, recursive=False):
        super().sweep_handlers(recursive)
        return super().get_statistics(recursive)

    def list_records(self, recursive=False):
        super().sweep_handlers(recursive)
        return super().list_records(recursive)

    # -- handlers ---------------------------------------------------------------------------------

    def connect_signal(self, instance, detailed_signal, callback, *args, flags=0):
        """Connects a handler that the close disconnects. Returns its id, or 0 on a closed scope.

        ConnectFlags may also come first among the arguments for the callback.
        """
        # This is the plain case of _connect_for(), without calls that it can do without.
        frame = _getframe(1)
        try:
            site = _last_sites[frame.f_lasti]
            if site.code is not frame.f_code:
                site = _last_site(frame)
        except KeyError:
            site = _last_site(frame)
        if flags or args or not callable(callback):
            return _connect_for(self, instance, detailed_signal, callback, args, flags, site.place)
        try:
            weak = self._weak
        except AttributeError:
            weak = _weakly(self)
        handler_id = _connect(instance, detailed_signal, _call_handler, weak, callback, site)
        return handler_id if _add_handler_from(self, instance, handler_id, site.number) else 0

    def on(self, instance, detailed_signal, *args, flags=0):
        """A decorator for a handler."""
        place = _place()

        def decorate(callback):
            _connect_for(self, instance, detailed_signal, callback, args, flags, place)
            return callback

        return decorate

    def connect_cancellable(self, cancellable, func, *data):
        place = _place()
        func = _guard(self, func, place)
        _set_place(place)
        return super().connect_cancellable(cancellable, func, *data)

    def add_handler(self, instance, handler_id):
        _set_place(_place())
        return _add_handler(self, instance, handler_id)

    # -- sources and timers -----------------------------------------------------------------------

    def every(self, interval_ms):
        """A decorator for a function to call again and again, until it returns GLib.SOURCE_REMOVE."""
        place = _place()

        def decorate(func):
            guarded = _guard(self, func, place)
            _set_place(place)
            _Base.add_timeout(self, interval_ms, lambda *_: guarded() is not False)
            return func

        return decorate

    def add_timeout(self, interval_ms, func, *data):
        place = _place()
        func = _guard(self, func, place, GLib.SOURCE_REMOVE)
        _set_place(place)
        return super().add_timeout(interval_ms, func, *data)

    def add_timeout_full(self, interval_ms, max_calls, func, *data):
        place = _place()
        func = _guard(self, func, place, GLib.SOURCE_REMOVE)
        _set_place(place)
        return super().add_timeout_full(interval_ms, max_calls, func, *data)

    def add_debounce(self, delay_ms, func, *data):
        place = _place()
        func = _guard(self, func, place)
        _set_place(place)
        return super().add_debounce(delay_ms, func, *data)

    def add_idle(self, func, *data):
        place = _place()
        func = _guard(self, func, place, GLib.SOURCE_REMOVE)
        _set_place(place)
        return super().add_idle(func, *data)

    def add_source(self, source):
        _set_place(_place())
        return super().add_source(source)

    if hasattr(_Base, "add_fd"):

        def add_fd(self, fd, condition, func, *data):
            place = _place()
            func = _guard(self, func, place, GLib.SOURCE_REMOVE)
            _set_place(place)
            return super().add_fd(fd, condition, func, *data)

        def add_unix_signal(self, signum, func, *data):
            place = _place()
            func = _guard(self, func, place, GLib.SOURCE_CONTINUE)
            _set_place(place)
            return super().add_unix_signal(signum, func, *data)

    # -- objects and cleanups ---------------------------------------------------------------------

    def add_object(self, object):
        _set_place(_place())
        return super().add_object(object)

    def defer(self, callback, *args):
        """Calls a function when the scope ends.

        It is called with the arguments. One that needs two more gets the scope and the reason first.
        """
        place = _place()
        cleanup = _cleanup(callback, args, place)
        _set_place(place)
        _defer(self, cleanup)

    def defer_for(self, object, callback, *args):
        """The same, unless the object goes first."""
        place = _place()
        cleanup = _cleanup(callback, args, place)
        _set_place(place)
        super().defer_for(object, cleanup)

    # -- asynchronous work ------------------------------------------------------------------------

    def begin(self, name=None):
        _set_place(_place())
        return super().begin(name)

    def begin_async(self, name, callback, *data):
        place = _place()
        callback = _guard(self, callback, place)
        _set_place(place)
        return super().begin_async(name, callback, *data)

    def close_async(self, reason=_Reason.COMPLETED, timeout_ms=0, cancellable=None, callback=None,
                    *data):
        _check_reason(reason)
        if callback is not None:
            callback = _guard(self, callback, _place())
        return super().close_async(reason, timeout_ms, cancellable, callback, *data)

    def drain_async(self, reason=_Reason.COMPLETED, timeout_ms=0, cancellable=None, callback=None,
                    *data):
        _check_reason(reason)
        if callback is not None:
            callback = _guard(self, callback, _place())
        return super().drain_async(reason, timeout_ms, cancellable, callback, *data)

    async def closed(self):
        """Waits until the scope is closed, and returns the reason."""
        loop = _loop(self)
        if not self.is_closed():
            future = loop.create_future()
            handler = _connect(self, "closed", lambda *_: loop.call_soon_threadsafe(_set, future))
            try:
                if not self.is_closed():
                    await future
            finally:
                if self.handler_is_connected(handler):
                    self.disconnect(handler)
        return self.get_reason()

    def call(self, function, *args, finish=None, **kwargs):
        """Calls an asynchronous function of a GLib library, and returns an awaitable for its result.

        The cancellable and the callback are left out of the arguments. If the scope ends first, the
        call is cancelled, and so is the awaitable.
        """
        return _call(self, function, args, kwargs, finish, _place())

    def run_async(self, coroutine, name=None):
        """Runs a coroutine as a task, which is cancelled, and waited for, when the scope closes."""
        place = _place()
        loop = _loop(self)
        _set_place(place)
        operation = _Base.begin(self, name or getattr(coroutine, "__qualname__", None))
        task = asyncio.ensure_future(coroutine, loop=loop)
        weak = _weakly(self)

        def done(task):
            error = None if task.cancelled() else task.exception()
            owner = weak()
            if error is not None and owner is not None:
                _report(owner, place, error)
            operation.end()

        task.add_done_callback(done)
        _when_cancelled(operation.get_cancellable(), loop, task)
        return task

    # -- what else asks for a callback, or has a default ------------------------------------------

    def add_phase(self, instance, enter_signal, leave_signal, active_now, func, *data):
        place = _place()
        func = _guard(self, func, place)
        _set_place(place)
        return super().add_phase(instance, enter_signal, leave_signal, active_now, func, *data)

    def add_process(self, pid, grace_ms, flags, func=None, *data):
        place = _place()
        func = func and _guard(self, func, place)
        _set_place(place)
        return super().add_process(pid, grace_ms, flags, func, *data)

    def own_bus_name(self, connection, name, flags=0, func=None, *data):
        place = _place()
        func = func and _guard(self, func, place)
        _set_place(place)
        return super().own_bus_name(connection, name, flags, func, *data)

    def watch_bus_name(self, connection, name, flags, func, *data):
        place = _place()
        func = _guard(self, func, place)
        _set_place(place)
        return super().watch_bus_name(connection, name, flags, func, *data)

    def subscribe_bus_signal(self, connection, sender, interface_name, member, object_path, arg0,
                             flags, callback, *data):
        place = _place()
        callback = _guard(self, callback, place)
        _set_place(place)
        return super().subscribe_bus_signal(connection, sender, interface_name, member, object_path,
                                            arg0, flags, callback, *data)

    def export_bus_object(self, connection, object_path, interface_info, method_call=None,
                          get_property=None, set_property=None):
        place = _place()
        functions = [func and _guard(self, func, place)
                     for func in (method_call, get_property, set_property)]
        _set_place(place)
        return super().export_bus_object(connection, object_path, interface_info, *functions)


def _placed(name):
    """A method that does nothing but say where it is called."""
    function = getattr(_Base, name)

    def method(self, *args, **kwargs):
        _set_place(_place())
        return function(self, *args, **kwargs)

    method.__name__ = name
    method.__qualname__ = f"Scope.{name}"
    method.__doc__ = function.__doc__
    return method


for _name in ("add_binding", "add_file_monitor", "add_socket_service", "add_subprocess",
              "add_subprocess_full", "add_temporary_file", "bind", "bind_full", "bind_setting",
              "bind_setting_with_mapping", "expect_finalize", "export_action_group",
              "export_bus_object_manager", "export_bus_skeleton", "export_menu_model",
              "hold_application"):
    if hasattr(_Base, _name):
        setattr(Scope, _name, _placed(_name))


def _connect_for(scope, instance, detailed_signal, callback, args, flags, place):
    if args and isinstance(args[0], _Flags):
        flags, args = int(flags) | int(args[0]), args[1:]
    flags = _Flags(int(flags))
    guarded = _guard(scope, callback, place)
    if flags & _NEEDS_CLOSURE:
        # PyGObject's own connect() checks the name; the library would only log it.
        if not isinstance(instance, GObject.Object):
            raise TypeError(f"an object is needed, not {type(instance).__name__}")
        try:
            GObject.signal_parse_name(detailed_signal, instance, True)
        except ValueError as error:
            raise TypeError(str(error)) from None
        _set_place(place)
        function = (lambda *given: guarded(*given, *args)) if args else guarded
        return _connect_closure(scope, instance, detailed_signal, function, flags)

    # PyGObject's garbage collector knows a closure only if its own connect() has made it.
    connect = _connect_after if flags & _Flags.AFTER else _connect
    handler_id = connect(instance, detailed_signal, guarded, *args)
    _set_place(place)
    return handler_id if _add_handler(scope, instance, handler_id) else 0


def _cleanup(callback, args, place):
    _check_callable(callback)

    def cleanup(scope, reason):
        try:
            if _accepts_scope(callback, len(args)):
                callback(scope, reason, *args)
            else:
                callback(*args)
        except GLib.Error:
            raise
        except Exception as error:
            _report(scope, place, error)

    return cleanup


def _detail(exc_type, exc):
    return "".join(traceback.format_exception_only(exc_type, exc)).strip()


# -- asyncio --------------------------------------------------------------------------------------

# Seconds between two looks at a context where nothing wakes the loop.
_POLL = 0.01


class _ContextSelector:
    """Iterates a main context while a loop of asyncio, which knows nothing of it, waits.

    The loop's own selector has a file descriptor that can be watched like any other.
    """

    def __init__(self, selector, context):
        self._selector = selector
        self._context = context

    def __getattr__(self, name):
        return getattr(self._selector, name)

    def select(self, timeout=None):
        # Another thread may run the context, for good or for a while: nothing tells when it stops.
        if not self._context.acquire():
            return self._selector.select(_POLL if timeout is None else min(timeout, _POLL))
        try:
            return self._select_with_context(timeout)
        finally:
            self._context.release()

    def _select_with_context(self, timeout):
        events = self._selector.select(0)
        if events or (timeout is not None and timeout <= 0):
            self._context.iteration(False)
            return events

        woken = []

        def wake(*_):
            woken.append(True)
            return GLib.SOURCE_REMOVE

        sources = []
        watch = GLib.unix_fd_source_new(self._selector.fileno(), GLib.IOCondition.IN)
        watch.set_callback(wake)
        sources.append(watch)
        if timeout is not None:
            timer = GLib.timeout_source_new(max(1, int(timeout * 1000 + 0.999)))
            timer.set_callback(wake)
            sources.append(timer)
        for source in sources:
            source.set_priority(GLib.PRIORITY_DEFAULT)
            source.attach(self._context)
        try:
            # Something else that was dispatched may have made a task ready.
            self._context.iteration(True)
        finally:
            for source in sources:
                source.destroy()
        return self._selector.select(0)


def _poll(loop, context):
    """For a loop of another kind."""
    if not loop.is_closed():
        for _ in range(100):
            if not context.iteration(False):
                break
        loop.call_later(_POLL, _poll, loop, context)


def _loop(scope):
    """The running loop of asyncio, which runs the main context, too, from now on."""
    loop = asyncio.get_running_loop()
    context = GLib.MainContext.get_thread_default() or GLib.MainContext.default()
    # A loop that is built on GLib, such as PyGObject's own, runs inside of the context.
    if not context.is_owner() and not getattr(loop, "_lifecycle_context", None):
        selector = getattr(loop, "_selector", None)
        if hasattr(selector, "select") and hasattr(selector, "fileno"):
            loop._selector = _ContextSelector(selector, context)
        else:
            loop.call_soon(_poll, loop, context)
        try:
            loop._lifecycle_context = context
        except AttributeError:
            pass
    return loop


def _set(future):
    if not future.done():
        future.set_result(None)


def _when_cancelled(cancellable, loop, future):
    """Cancels a future of the loop with the cancellable, which is a close, perhaps on a thread."""

    def cancel(*_):
        loop.call_soon_threadsafe(future.cancel)

    if cancellable.is_cancelled():
        future.cancel()
        return
    handler = _connect(cancellable, "cancelled", cancel)
    future.add_done_callback(lambda _: _disconnect_later(cancellable, handler))


def _disconnect_later(cancellable, handler):
    if cancellable.handler_is_connected(handler):
        cancellable.disconnect(handler)


def _find_finish(function, source):
    """The function that finishes an asynchronous call."""
    name = function.get_name()
    name = (name[:-len("_async")] if name.endswith("_async") else name) + "_finish"
    if function.is_method():
        return getattr(source, name)
    owner = sys.modules["gi.repository." + function.get_namespace()]
    container = function.get_container()
    if container is not None:
        owner = getattr(owner, container.get_name())
    return getattr(owner, name)


def _call(scope, function, args, kwargs, finish, place):
    _check_callable(function)
    loop = _loop(scope)
    future = loop.create_future()
    thread = threading.get_ident()

    def settle(set_outcome, outcome):
        if not future.done():
            set_outcome(outcome)

    def ready(source, result):
        try:
            outcome = future.set_result, (finish or _find_finish(function, source))(result)
        except Exception as error:
            outcome = future.set_exception, error
        # Another thread may run the main context.
        if threading.get_ident() == thread:
            settle(*outcome)
        else:
            loop.call_soon_threadsafe(settle, *outcome)

    _set_place(place)
    operation = _Base.begin_async(scope, getattr(function, "__name__", None), ready)
    cancellable = operation.get_cancellable()

    def complete(source, result, *_):
        operation.complete(source, result)

    try:
        if hasattr(function, "get_arguments"):
            function(*args, **_fill_in(function, kwargs, cancellable, complete))
        else:
            function(*args, cancellable, complete, **kwargs)
    except BaseException:
        future.cancel()
        operation.complete(None, Gio.Task.new(None, None, None))
        raise

    _when_cancelled(cancellable, loop, future)
    future.add_done_callback(lambda future: future.cancelled() and cancellable.cancel())
    return future


def _fill_in(function, kwargs, cancellable, callback):
    """Adds the cancellable and the callback by the names that the function has for them."""
    kwargs = dict(kwargs)
    for argument in function.get_arguments():
        if argument.get_type().get_tag_as_string() != "interface":
            continue
        name = argument.get_type().get_interface().get_name()
        if name == "AsyncReadyCallback":
            kwargs[argument.get_name()] = callback
        elif name == "Cancellable":
            kwargs.setdefault(argument.get_name(), cancellable)
    if callback not in kwargs.values():
        raise TypeError(f"{function.get_name()}() takes no callback")
    return kwargs


# -- the end --------------------------------------------------------------------------------------

@atexit.register
def _close_at_exit():
    """Closes the scopes that Python code has left open, while their cleanups can still run."""
    Lifecycle.report_leaks()
    for scope in list(Lifecycle.list_scopes()):
        if scope.get_place() in _own_places:
            scope.close_with_reason(_Reason.SHUTDOWN, "the interpreter exits")


Scope = override(Scope)
Timer = override(Timer)
Operation = override(Operation)
__all__ += ["Scope", "Timer", "Operation"]
