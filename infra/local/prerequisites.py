"""Says in one sentence which program is missing and how to get it.

Runs before the environment exists, on whatever `python3` the machine has: only the standard library, and
only syntax that an old Python understands.
"""

import os
import re
import shutil
import subprocess
import sys

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "README.md")
PYTHON = (3, 11)
JAVA = 17


def apt_line(readme=README):
    """The README's line that installs everything on Debian; the one place where it is written."""
    try:
        with open(readme, encoding="utf-8") as file:
            for line in file:
                if line.startswith("sudo apt-get install "):
                    return line.strip()
    except OSError:
        pass  # an installed package has no README beside it
    return "see Prerequisites in README.md"


def java_version():
    """Major version of the `java` on the path, None without one."""
    if shutil.which("java") is None:
        return None
    said = subprocess.run(["java", "-version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
    found = re.search(r'version "(?:1\.)?(\d+)', said.decode(errors="replace"))
    return int(found.group(1)) if found else 0


def java_problem():
    """What is wrong with Java, or None."""
    version = java_version()
    if version is None:
        return "Java %d or newer" % JAVA
    return None if version >= JAVA else "Java %d or newer (found %d)" % (JAVA, version)


def python_problem():
    """What is wrong with the Python that runs this, or None."""
    if sys.version_info[:2] < PYTHON:
        return "Python %d.%d or newer (found %d.%d)" % (PYTHON + tuple(sys.version_info[:2]))
    try:
        # Debian ships venv without ensurepip unless python3-venv is installed.
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return "Python's venv module"
    return None


def missing():
    """Everything that is missing, in words."""
    programs = [("mvn", "Maven (mvn)"), ("npm", "Node's package client (npm)"), ("make", "make")]
    problems = [python_problem(), java_problem()]
    problems += [words for program, words in programs if shutil.which(program) is None]
    return [problem for problem in problems if problem]


def main():
    """Exit code 0 when all is there, else 1 and one sentence."""
    problems = missing()
    if problems:
        sys.stderr.write("kpistream needs %s, install with: %s\n" % (", ".join(problems), apt_line()))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
