"""The runner of console examples itself: what it takes for a command, and when output is alike."""

from pathlib import Path

import pytest

from tests.docs.console import Shell, Step, difference, steps


@pytest.mark.parametrize(
    ("shown", "got"),
    [
        (["made at …"], ["made at noon"]),
        (["a", "…", "z"], ["a", "b", "c", "z"]),
        (["a", "…"], ["a"]),
        (["…"], []),
        (["a  "], ["a"]),
    ],
)
def test_an_ellipsis_stands_for_any_text_or_any_lines(shown: list[str], got: list[str]) -> None:
    assert difference(Step("x", shown), got) is None


@pytest.mark.parametrize(
    ("shown", "got"),
    [(["made at …"], ["left at noon"]), ([], ["a"]), (["a"], []), (["a", "…", "z"], ["a", "b"])],
)
def test_other_output_is_shown_as_a_diff(shown: list[str], got: list[str]) -> None:
    found = difference(Step("x", shown), got)
    assert found is not None
    assert "- " in found or "+ " in found


def test_a_command_goes_on_while_it_is_open() -> None:
    block = "$ printf a \\\n> b\nab\n$ cat <<END\none\nEND\none\n$ echo 'x\n> y'\nx\ny\n"
    block += "$ if true; then\n> ls\n> fi\n"
    commands = [step.command for step in steps(block)]
    assert commands == ["printf a \\\nb", "cat <<END\none\nEND", "echo 'x\ny'", "if true; then\nls\nfi"]


def test_a_block_without_a_command_is_refused() -> None:
    with pytest.raises(AssertionError, match="starts with"):
        list(steps("output alone\n"))


def test_the_shell_keeps_folder_variables_and_exit_code(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    try:
        assert shell.run("mkdir a && cd a && x=1; false") == []
        assert shell.run('echo "$? $x $(basename "$PWD")"') == ["1 1 a"]
        assert shell.run("printf 'no newline'; cat") == ["no newline"]
    finally:
        shell.close()
