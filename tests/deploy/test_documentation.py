"""The documentation knows everything that works, and nothing that does not."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from starlette.routing import Mount, Route

from alumiini_py import __main__, commands
from alumiini_py.deployment import documents, is_crd
from alumiini_py.supervision import node, supervising
from supervisor.child import Child, LastExit, State
from supervisor.clock import SystemClock
from supervisor.exits import Normal
from webhooks.receiver import webhook_app
from webhooks.status import status_app
from workers.model.errors import Reason
from workers.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlette.routing import BaseRoute

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def page(name: str) -> str:
    """Return what a page says of the present."""
    return (DOCS / name).read_text().split("\n## Planned\n")[0]


def sections(text: str, mark: str) -> dict[str, str]:
    """Return the sections of a page under headings of one level, by heading."""
    parts = re.split(rf"^{mark} (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(text: str) -> list[list[str]]:
    """Return the cells of all rows of tables, without heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return [row for number, row in enumerate(cells) if not _is_head(cells, number)]


def _is_head(cells: list[list[str]], number: int) -> bool:
    def rule(row: list[str]) -> bool:
        return all(set(cell) <= {"-"} for cell in row)

    return rule(cells[number]) or (number + 1 < len(cells) and rule(cells[number + 1]))


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_reason_has_its_section_and_no_other_has_one() -> None:
    reasons = sections(page("guide/troubleshooting.md").split("\n# Reasons\n")[1], "##")
    assert set(reasons) == {str(reason) for reason in Reason}
    assert all(len(text.split()) > 10 for text in reasons.values())


def schema(part: str) -> dict[str, Any]:
    (crd,) = (document for document in documents() if is_crd(document))
    found = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"][part]
    assert isinstance(found, dict)
    return found


def fields(node: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the fields of a schema without fields of their own, as dotted paths, without items of lists."""
    for name, field in node["properties"].items():
        if "properties" in field:
            yield from fields(field, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def test_every_field_of_the_spec_is_documented_with_its_default() -> None:
    table = rows(sections(page("reference/gitrepository.md"), "##")["spec"])
    documented = {quoted(name)[0]: kind.split(", ")[-1].strip("`") for name, kind, _ in table}
    known = dict(fields(schema("spec")))
    assert documented.keys() == known.keys()
    for name, field in known.items():
        if "default" in field:
            assert documented[name] == str(field["default"]).replace("True", "true").replace("False", "false")


def test_every_field_of_the_status_is_documented() -> None:
    table = [
        row for row in rows(sections(page("reference/gitrepository.md"), "##")["status"]) if len(row) == 2
    ]
    documented = {name: row[1] for row in table for name in quoted(row[0])}
    known = dict(fields(schema("status")))
    assert documented.keys() - {"Ready", "Reconciling", "Stalled"} == known.keys()
    for name in ("errors", "conditions"):
        assert set(known[name]["items"]["properties"]) <= set(quoted(documented[name]))


def test_every_field_explains_itself() -> None:
    def all_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for field in node.get("properties", {}).values():
            yield field
            yield from all_of(field)
            yield from all_of(field.get("items", {}))

    for field in [*all_of(schema("spec")), *all_of(schema("status"))]:
        assert field["description"].endswith("."), field


def flags(parser: argparse.ArgumentParser, path: str = "") -> Iterator[tuple[str, set[str]]]:
    """Yield the flags of the program and of each of its commands."""
    options = {name for action in parser._actions for name in action.option_strings if name.startswith("--")}
    yield path, options - {"--help"}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                yield from flags(child, f"{path} {name}".strip())


def test_every_command_and_flag_is_documented() -> None:
    known = dict(flags(__main__._parser(commands.ALL)))
    everywhere = known.pop("")
    documented = sections(page("reference/cli.md"), "##")

    def documented_flags(heading: str) -> set[str]:
        return {word.split()[0] for row in rows(documented[heading]) for word in quoted(row[0])}

    assert documented_flags("Everywhere") == everywhere
    headings = {heading.split()[1]: heading for heading in documented if heading.startswith("alumiini ")}
    assert headings.keys() == commands.ALL.keys()
    for command, heading in headings.items():
        own = set().union(*(names for path, names in known.items() if path.split()[0] == command))
        assert documented_flags(heading) == own - everywhere, command


def test_every_metric_is_documented_with_its_labels() -> None:
    registry = Metrics("1")._registry
    known = {
        re.sub(r"(.)$", r"\1_total", collector._name)
        if collector._type == "counter"
        else collector._name: list(collector._labelnames)
        for collector in cast("Iterable[Any]", registry._collector_to_names)
    }
    documented = {quoted(row[0])[0]: quoted(row[1]) for row in rows(page("reference/metrics.md"))}
    assert documented == known


def routes(found: Iterable[BaseRoute], prefix: str = "") -> Iterator[str]:
    for route in found:
        if isinstance(route, Mount):
            behind_the_gate: Any = vars(route.app)["_app"]
            yield from routes(behind_the_gate.routes, prefix + route.path)
        elif isinstance(route, Route):
            yield f"{'POST' if 'POST' in (route.methods or ()) else 'GET'} {prefix}{route.path}"


def test_every_route_is_documented() -> None:
    nothing = cast("Any", None)
    apps = [
        webhook_app(nothing, lambda: (), lambda _provider, _result: None, SystemClock()),
        status_app(nothing, nothing, nothing, nothing, lambda: (b"", "")),
    ]
    text = page("reference/http.md")
    documented = {
        route for row in rows(text) for route in quoted(row[0]) if route.startswith(("GET ", "POST "))
    }
    assert documented == {route for app in apps for route in routes(app.routes)}


def test_every_field_of_the_supervision_tree_is_documented() -> None:
    child = Child(
        "app", State.RUNNING, generation=1, restarts=0, last_exit=LastExit(Normal(), datetime.now(UTC))
    )
    known = supervising(node(child), [], most=1, seconds=1)
    text = sections(page("reference/http.md"), "###")["The supervision tree"]
    documented = {quoted(row[0])[0]: quoted(row[1]) for row in rows(text)}
    assert documented.keys() == known.keys()
    for name, value in known.items():
        if isinstance(value, dict):
            assert value.keys() <= set(documented[name]), name
    assert {state for state in State if state is not State.ENDED} <= set(documented["state"])


@pytest.mark.parametrize("source", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(source: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", source.read_text()):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        place = (source.parent / path).resolve() if path else source
        assert place.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", place.read_text(), flags=re.MULTILINE)
            assert anchor in {re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in headings}, (
                target
            )


def test_every_decision_is_in_the_index() -> None:
    index = (DOCS / "adr" / "README.md").read_text()
    assert re.findall(r"\(([0-9]{4}-[a-z0-9-]+\.md)\)", index) == sorted(
        path.name for path in (DOCS / "adr").glob("0*.md")
    )


def test_every_make_command_that_is_named_exists() -> None:
    named = {
        word
        for path in PAGES
        for word in re.findall(r"(?:^|`)make ([a-z]+)\b", path.read_text(), re.MULTILINE)
    }
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"demo", "test"} <= named <= targets
