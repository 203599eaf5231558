"""The stub that Python is checked against says what the compiled module is."""

import ast
import inspect
from pathlib import Path

import pytest

from telepresence.engine import face

STUB = Path(face.__file__).parent / "_native.pyi"

pytestmark = pytest.mark.native


def stub_class() -> ast.ClassDef:
    """Returns the class in the stub."""
    (found,) = [node for node in ast.parse(STUB.read_text()).body if isinstance(node, ast.ClassDef)]
    return found


def test_the_stub_and_the_module_have_the_same_names_and_parameters() -> None:
    """A method that one of them lacks, or a parameter of another name, is a lie to the type checker."""
    from telepresence.engine import _native  # noqa: PLC0415 (work without Rust has none)

    stub = stub_class()
    assert stub.name == "Engine"
    engine = _native.Engine
    methods = [node for node in stub.body if isinstance(node, ast.FunctionDef)]
    written = {method.name for method in methods}
    assert written - {"__new__"} == {name for name in vars(engine) if not name.startswith("_")}
    for method in methods:
        own = [argument.arg for argument in method.args.args[1:]]
        if any(isinstance(mark, ast.Name) and mark.id == "property" for mark in method.decorator_list):
            assert inspect.isgetsetdescriptor(vars(engine)[method.name]), method.name
            continue
        subject = engine if method.name == "__new__" else getattr(engine, method.name)
        parameters = [name for name in inspect.signature(subject).parameters if name != "self"]
        assert parameters == own, method.name


async def test_a_real_engine_takes_what_the_stub_says_and_returns_it() -> None:
    """Each member is used once; the values are of the stub's types."""
    engine = face.open_native("127.0.0.1", 0)
    native = engine._native
    try:
        values = {
            "port": native.port,
            "fingerprint": native.fingerprint,
            "event_fd": native.event_fd(),
            "drain": native.drain(),
            "snapshot": native.snapshot(),
        }
        with pytest.raises(ValueError, match="malformed"):
            native.submit(b"{}")
    finally:
        native.close()
        native.close()
    returns = {
        node.name: ast.unparse(node.returns)
        for node in stub_class().body
        if isinstance(node, ast.FunctionDef) and node.returns
    }
    for name, value in values.items():
        assert type(value).__name__ == returns[name].partition("[")[0], name
