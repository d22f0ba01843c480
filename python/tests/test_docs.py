"""The examples in the docstrings and in the README run, and everything public is documented."""

from __future__ import annotations

import doctest
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import setpoint as sp


def documented() -> Iterator[tuple[str, Any]]:
    for name in sp.__all__:
        thing = getattr(sp, name)
        yield name, thing
        if isinstance(thing, type):
            for member, value in vars(thing).items():
                if not member.startswith("_") and not isinstance(value, (int, str, bool)):
                    yield f"{name}.{member}", value


THINGS = dict(documented())


@pytest.mark.parametrize("name", THINGS)
def test_everything_public_has_a_docstring_and_its_examples_run(name: str) -> None:
    text = inspect.getdoc(THINGS[name])
    assert text, name
    example = doctest.DocTestParser().get_doctest(text, {}, name, None, None)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE, verbose=False)
    out: list[str] = []
    runner.run(example, out=out.append)
    assert runner.failures == 0, "".join(out)


@pytest.mark.parametrize("name", [n for n, t in THINGS.items() if "." not in n and (callable(t))])
def test_every_class_and_function_has_an_example(name: str) -> None:
    if name in ("Recommender", "Restraint", "SetpointError", "SnapshotError", "StateError"):
        return
    assert ">>> " in (inspect.getdoc(THINGS[name]) or ""), name


@pytest.mark.parametrize("name", [n for n, t in THINGS.items() if inspect.isbuiltin(t) or "." not in n])
def test_every_parameter_is_documented(name: str) -> None:
    thing = THINGS[name]
    if name in ("Recommender", "Restraint") or (isinstance(thing, type) and issubclass(thing, Exception)):
        return
    try:
        parameters = inspect.signature(thing).parameters
    except ValueError:
        return
    text = inspect.getdoc(thing) or ""
    for parameter in parameters:
        assert re.search(rf"^(\w+, )*{parameter}(, \w+)* : ", text, re.MULTILINE), f"{name}: {parameter}"


PAGES = {"README.md": Path(__file__).parent.parent / "README.md", "docs/python.md": Path(__file__).parents[2] / "docs" / "python.md"}


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_run(name: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGES[name].read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, name, "exec"), names)
