"""The command that checks components and plugins against the conformance kit."""

from typing import TYPE_CHECKING

import click

from ganbench.cli.common import json_option, plugin_option, print_json
from ganbench.escaping import echo

if TYPE_CHECKING:
    from ganbench.testing.rules import Verdict
    from ganbench.testing.subject import Subject


@click.command("check")
@click.argument("name")
@plugin_option
@json_option
@click.pass_context
def check_plugin(context: click.Context, name: str, as_json: bool) -> None:
    """Check NAME, a component such as `mine(width=8)` or a plugin with all that it owns.

    Every rule says ok, failed or not applicable; a failed one says how to mend it. The exit code
    is 1 if any failed.
    """
    from ganbench.plugins import load_plugins
    from ganbench.testing.rules import judge
    from ganbench.testing.suite import rules_of, subjects

    records, counts = [], {"ok": 0, "failed": 0, "not applicable": 0}
    for subject in subjects(name, load_plugins()):
        if not as_json:
            echo(f"{subject}")
        for rule in rules_of(subject.kind):
            verdict = judge(rule, subject)
            counts[verdict.status] += 1
            records.append(_record(subject, verdict))
            if not as_json:
                _print(verdict)
    if as_json:
        print_json(records)
    else:
        echo(", ".join(f"{count} {status}" for status, count in counts.items()) + ".")
    context.exit(1 if counts["failed"] else 0)


def _record(subject: "Subject", verdict: "Verdict") -> dict[str, str]:
    return {
        "kind": subject.kind,
        "component": str(subject.component),
        "rule": verdict.rule.name,
        "status": verdict.status,
        "found": verdict.found,
        "statement": verdict.rule.statement,
        "mend": verdict.rule.mend,
    }


def _print(verdict: "Verdict") -> None:
    rule, found = verdict.rule, verdict.found
    if verdict.status == "failed":
        echo(f"  failed          {rule.name}: {found}")
        echo(f"                  Rule: {rule.statement}")
        echo(f"                  Mend: {rule.mend}")
    else:
        echo(f"  {verdict.status:14}  {rule.name}" + (f": {found}" if found else ""))
