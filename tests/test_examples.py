"""Every example runs; the pages made from code are up to date; the readme keeps its promises."""

import re
import runpy
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_there_are_examples():
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs_and_says_something(path, capsys):
    runpy.run_path(str(path), run_name="__main__")
    assert len(capsys.readouterr().out.splitlines()) >= 2


def test_parameter_page_is_what_the_code_says():
    made = runpy.run_path(str(ROOT / "docs" / "make_parameters.py"))
    assert made["PAGE"].read_text(encoding="utf-8") == made["text"](), "run: python docs/make_parameters.py"


def test_readme_begins_with_its_heading_and_has_absolute_images():
    assert README.startswith("# Backprop Segmentation\n")
    images = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", README)
    assert images
    assert all(image.startswith("https://raw.githubusercontent.com/") for image in images)
    for image in images:
        assert (ROOT / image.split("/main/")[1]).is_file()


def test_quick_start_has_exactly_two_commands_that_exist():
    section = README.split("## Quick start")[1].split("\n## ")[0]
    commands = [line for block in re.findall(r"```\n(.*?)```", section, re.DOTALL) for line in block.splitlines()]
    assert commands == ["./quickstart", "./check"]
    for command in commands:
        assert (ROOT / command).stat().st_mode & 0o100


def test_continuous_integration_calls_the_second_command_with_one_torch():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert script.rstrip().endswith("exec ./check")
    constraints = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in constraints if line and not line.startswith("#")] == ["torch==2.13.0"]


@pytest.mark.parametrize(
    "name",
    [".github/workflows/test_and_deploy.yml", ".pre-commit-config.yaml", ".napari-hub/config.yml", "CITATION.cff"],
)
def test_yaml_can_be_read(name):
    assert isinstance(yaml.safe_load((ROOT / name).read_text(encoding="utf-8")), dict)


def test_both_papers_are_cited_alike_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert len(citation["references"]) == 2
    for paper in citation["references"]:
        assert f"doi:{paper['doi']}" in README
        assert f"{paper['start']}-{paper['end']}" in README
        assert paper["title"] in " ".join(README.split())
