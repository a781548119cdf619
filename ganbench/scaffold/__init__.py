"""A plugin to start from: an installable package with one working component of a kind."""

import importlib.util
import keyword
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from ganbench.api import API_VERSION
from ganbench.errors import SpecError, StoreError
from ganbench.plugins import Registry

_TEMPLATES = Environment(
    loader=PackageLoader("ganbench.scaffold"),
    undefined=StrictUndefined,
    keep_trailing_newline=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_LONGEST = 40
"""Letters of a name with which no line that it is put in becomes too long."""
_TARGETS = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "LICENSE": "LICENSE",
    "gitignore": ".gitignore",
    "ci.yml": ".github/workflows/ci.yml",
    "init.py": "src/{module}/__init__.py",
    "kinds/{kind}.py": "src/{module}/{kind}.py",
    "test.py": "tests/test_{module}.py",
}
"""Template -> where it goes."""


@dataclass(frozen=True)
class Package:
    """What is written, and where.

    Attributes:
        name: of the distribution, the plugin and its component.
        kind: of the component.
        folder: the package's own.
    """

    name: str
    kind: str
    folder: Path

    @property
    def module(self) -> str:
        """Name to import."""
        return self.name.replace("-", "_")

    @property
    def title(self) -> str:
        """Name of its class."""
        return "".join(word.capitalize() for word in re.split("[-_]", self.name))

    @property
    def source(self) -> Path:
        """Path of the module with the component, which `--plugin` takes, too."""
        return self.folder / "src" / self.module / f"{self.kind}.py"

    def write(self) -> list[Path]:
        """Write all files and return their paths.

        Raises:
            SpecError: if there is something in its place.
            StoreError: if it cannot be written.
        """
        if os.path.lexists(self.folder):
            raise SpecError(
                f"'{self.folder}' is there already, and nothing is overwritten: choose another "
                "name or another --output."
            )
        try:
            return list(self._written())
        except OSError as error:
            raise StoreError(
                f"Cannot write '{self.folder}': {error.strerror or error}."
            ) from error

    def next_steps(self) -> str:
        """Return the lines that try, install, check and run it, to copy."""
        return self._rendered("next.txt")

    def _written(self) -> Iterator[Path]:
        for template, target in _TARGETS.items():
            path = self.folder / target.format(module=self.module, kind=self.kind)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self._rendered(template.format(kind=self.kind)), encoding="utf-8")
            yield path
        marker = self.source.with_name("py.typed")
        marker.touch()
        yield marker

    def _rendered(self, template: str) -> str:
        return _TEMPLATES.get_template(f"{template}.j2").render(
            package=self,
            quoted=lambda path: shlex.quote(str(path)),
            api_version=API_VERSION,
            ganbench_version=version("ganbench"),
            year=date.today().year,
        )


def check_name(name: str, kind: str, registry: Registry) -> None:
    """See that a name can be that of a distribution, a module and a component that is new.

    Raises:
        SpecError: if it cannot.
    """
    module = name.replace("-", "_")
    if len(name) > _LONGEST or not _NAME.fullmatch(name) or keyword.iskeyword(module):
        raise SpecError(
            f"'{name}' cannot name a package: use small letters and digits, in words joined by "
            f"hyphens, {_LONGEST} at most, that begin with a letter, such as my-{kind}."
        )
    for plugin in registry.plugins:
        if plugin.name == name:
            raise SpecError(
                f"A plugin '{name}' is there already, in {plugin.owner}: choose another name, "
                f"such as my-{name}."
            )
    owners = registry.entries.get(kind, {}).get(name)
    if owners:
        raise SpecError(
            f"The {kind} '{name}' is there already, in {owners[0].owner}: choose another name, "
            f"such as my-{name}."
        )
    if importlib.util.find_spec(module) is not None:
        raise SpecError(
            f"A module '{module}' is there already, which '{name}' would hide: choose another "
            f"name, such as my-{name}."
        )
