"""One command checks all: ``nox``. With ``--no-venv`` it uses the environment it runs in."""

import nox

nox.options.sessions = ["lint", "types", "layers", "tests", "docs", "changelog"]
nox.options.reuse_existing_virtualenvs = True


def _install(session: nox.Session) -> None:
    if not isinstance(session.virtualenv, nox.virtualenv.PassthroughEnv):
        session.install("-c", "constraints.txt", "-e", ".[dev]")


@nox.session
def lint(session: nox.Session) -> None:
    """Style and common mistakes."""
    _install(session)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Static types, strict."""
    _install(session)
    session.run("mypy")


@nox.session
def layers(session: nox.Session) -> None:
    """The rooms of the design: who may import whom."""
    _install(session)
    session.run("lint-imports")


@nox.session
def tests(session: nox.Session) -> None:
    """The test suite; further arguments go to pytest."""
    _install(session)
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation, without warnings."""
    _install(session)
    session.run("sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", "docs/_build/html")


@nox.session
def changelog(session: nox.Session) -> None:
    """The changelog fragments parse."""
    _install(session)
    session.run("towncrier", "build", "--draft", "--version", "next", silent=True)
