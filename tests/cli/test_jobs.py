"""Which files are read and which are written, and what is refused before any work."""

import os

import pytest

from lutsr.cli._jobs import Job, plan
from lutsr.cli._report import UsageError


@pytest.fixture(autouse=True)
def tree(tmp_path, monkeypatch):
    """Change to a folder with two folders of empty files; none of them is opened."""
    for name in ("a/x.png", "a/y.JPG", "a/notes.txt", "a/.lutsr-00.part", "a/._x.png",
                 "a/deep/z.tif", "b/x.png", "b/photo[1].png", "b/no_ending"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*inputs, output, ending=None, suffix="_x4", overwrite=False):
    return plan(list(inputs), output, ending=ending, suffix=suffix, overwrite=overwrite)


def pairs(found):
    return [(job.source, job.target) for job in found.jobs]


def refused(*inputs, output, **options):
    with pytest.raises(UsageError) as caught:
        make(*inputs, output=output, **options)
    return str(caught.value)


def test_one_file_to_one_file():
    assert make("a/x.png", output="big.jpg").jobs == [Job("a/x.png", "big.jpg", "JPEG")]


def test_format_stands_in_for_an_extension_and_must_not_contradict_one():
    assert make("a/x.png", output="big.dat", ending=".webp").jobs[0].format == "WEBP"
    assert "'big.dat' must end in one of .png, .jpg" in refused("a/x.png", output="big.dat")
    assert "does not suit the output" in refused("a/x.png", output="b.png", ending=".jpg")
    assert make("a/x.png", output="b.jpeg", ending=".jpg").jobs[0].format == "JPEG"


def test_folder_gives_its_images_by_name_and_nothing_else():
    found = make("a", output="b")
    assert pairs(found) == [("a/x.png", "b/x_x4.png"), ("a/y.JPG", "b/y_x4.JPG")]
    assert [job.format for job in found.jobs] == ["PNG", "JPEG"]
    assert found.new_folder is None


def test_suffix_and_format_name_the_outputs():
    found = make("a", output="b", suffix="-big", ending=".webp")
    assert pairs(found) == [("a/x.png", "b/x-big.webp"), ("a/y.JPG", "b/y-big.webp")]
    assert {job.format for job in found.jobs} == {"WEBP"}


def test_folders_take_all_endings_of_jpeg(tree):
    os.mkdir("c")
    for name in ("1.jfif", "2.jpe", "3.JPEG", "4.jpg"):
        (tree / "c" / name).touch()
    found = make("c", output="b")
    assert [job.target for job in found.jobs] == [
        "b/1_x4.jfif", "b/2_x4.jpe", "b/3_x4.JPEG", "b/4_x4.jpg"
    ]  # fmt: skip
    assert {job.format for job in found.jobs} == {"JPEG"}


def test_formats_that_are_only_read_become_png(tree):
    os.mkdir("c")
    for name in ("1.gif", "2.BMP", "3.heic", "4.avif", "5.jxl"):
        (tree / "c" / name).touch()
    found = make("c", output="b")
    assert [job.target for job in found.jobs] == [
        "b/1_x4.png", "b/2_x4.png", "b/3_x4.png", "b/4_x4.avif", "b/5_x4.jxl"
    ]  # fmt: skip
    assert [job.format for job in found.jobs] == ["PNG"] * 3 + ["AVIF", "JXL"]
    assert make("c/1.gif", output="-").jobs[0].format == "PNG"
    assert make("c/1.gif", output="b", ending=".webp").jobs[0].target == "b/1_x4.webp"
    assert "'a.gif' must end in one of" in refused("c/1.gif", output="a.gif")


@pytest.mark.parametrize(
    ("inputs", "passed"),
    [
        (["a"], ["a/deep", "a/notes.txt"]),
        (["a/*"], ["a/deep", "a/notes.txt"]),
        (["a/**/*"], ["a/notes.txt"]),  # the files of its folders are found
        (["a/*.[jp]*"], []),
        (["a/y.JPG", "b"], ["b/no_ending"]),
        (["a/x.png", "a/y.JPG"], []),
    ],
)
def test_what_is_passed_over(inputs, passed):
    assert make(*inputs, output="new").passed == passed


@pytest.mark.parametrize(
    ("inputs", "output"),
    [
        (["aa"], "large"),
        (["aa/"], "large/"),
        (["a", "aa"], "large"),
        (["none.png"], "large"),
        (["none.png", "a"], "large.png"),
        (["no/such/folder/"], "b"),
    ],
)
def test_inputs_that_are_not_there_are_not_blamed_on_the_output(inputs, output):
    said = refused(*inputs, output=output)
    missing = next(name for name in inputs if not os.path.exists(name))
    assert said == f"argument INPUT: there is no file or folder {missing!r}"


def test_a_missing_file_among_others_fails_when_it_is_its_turn():
    assert [job.source for job in make("a", "none.png", output="b").jobs][-1] == "none.png"


def test_globs_are_expanded_and_reach_subfolders_on_demand():
    assert pairs(make("a/*", output="b")) == [("a/x.png", "b/x_x4.png"), ("a/y.JPG", "b/y_x4.JPG")]
    found = make("a/**/*", output="b")
    assert [job.source for job in found.jobs] == ["a/deep/z.tif", "a/x.png", "a/y.JPG"]
    assert "no image is named like 'a/*.webp'" in refused("a/*.webp", output="b")


def test_file_named_like_a_glob_is_that_file():
    assert pairs(make("b/photo[1].png", output="a")) == [("b/photo[1].png", "a/photo[1]_x4.png")]


def test_missing_folder_is_made_one_level_deep():
    assert make("a", output="new").new_folder == "new"
    assert make("a/x.png", output="new/").new_folder == "new/"
    assert pairs(make("a/x.png", output="new/")) == [("a/x.png", "new/x_x4.png")]
    assert "there is no folder" in refused("a", output="new/deeper")
    assert not os.path.exists("new")  # planning does not create it


def test_several_inputs_need_a_folder():
    assert "'big.png' is named like a file" in refused("a", output="big.png")
    assert "'b/x.png' is a file" in refused("a/x.png", "a/y.JPG", output="b/x.png")
    assert "'b/x.png/' is not a folder" in refused("a/x.png", output="b/x.png/")
    assert "stdout takes one image, not 2" in refused("a/x.png", "a/y.JPG", output="-")


def test_folder_without_images_is_said():
    os.mkdir("empty")
    assert "there is no image (.png, " in refused("empty", output="b")


def test_same_output_for_two_inputs_names_both():
    said = refused("a", "b/x.png", output="new")
    assert "'a/x.png' and 'b/x.png' would both become 'new/x_x4.png'" in said


def test_an_input_given_twice_is_done_once():
    assert pairs(make("a/x.png", "a", "./a/x.png", output="new/")) == [
        ("a/x.png", "new/x_x4.png"),
        ("a/y.JPG", "new/y_x4.JPG"),
    ]


def test_existing_outputs_are_skipped_unless_told(tree):
    (tree / "b/x_x4.png").touch()
    found = make("a", output="b")
    assert (pairs(found), found.skipped) == ([("a/y.JPG", "b/y_x4.JPG")], ["b/x_x4.png"])
    assert len(make("a", output="b", overwrite=True).jobs) == 2


def test_second_run_in_the_same_folder_does_not_upscale_the_results(tree):
    (tree / "a/x_x4.png").touch()
    (tree / "a/y_x4.JPG").touch()
    found = make("a", output="a")
    assert (found.jobs, found.skipped) == ([], ["a/x_x4.png", "a/y_x4.JPG"])
    assert found.left_out == 2
    assert pairs(make("a", output="a", overwrite=True)) == [
        ("a/x.png", "a/x_x4.png"),
        ("a/y.JPG", "a/y_x4.JPG"),
    ]


def test_input_is_replaced_only_when_told():
    said = refused("a/x.png", output="a/x.png")
    assert "'a/x.png' is the input; choose another name, or replace it with --overwrite" in said
    assert "is the input" in refused("a", output="a", suffix="")
    assert pairs(make("a/x.png", output="a/x.png", overwrite=True)) == [("a/x.png", "a/x.png")]


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_input_by_another_name_is_the_input(tree, link):
    try:
        link(tree / "a/x.png", tree / "other.png")
    except OSError:
        pytest.skip("no such links here")
    assert "is the input" in refused("a/x.png", output="other.png")


def test_output_must_be_a_regular_file():
    os.mkdir("b/x_x4.png")
    assert "exists and is not a regular file" in refused("a/x.png", output="b")


def test_name_without_extension_needs_a_format():
    assert "has no known extension; give a format with -f" in refused("b/no_ending", output="a")
    assert make("b/no_ending", output="a", ending=".png").jobs[0].target == "a/no_ending_x4.png"
    assert "stdin has no known extension" in refused("-", output="a")
    assert make("-", output="a", ending=".png").jobs[0].target == "a/stdin_x4.png"


def test_folder_that_cannot_be_written_is_refused_before_any_work(monkeypatch):
    # The system's answer is replaced, since an administrator can write in every folder.
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    for output in ("b", "new/", "big.png"):
        assert "no permission to write in folder" in refused("a/x.png", output=output)


def test_missing_file_is_left_for_the_run_to_report():
    assert pairs(make("a/none.png", "a/x.png", output="b"))[0] == (
        "a/none.png",
        "b/none_x4.png",
    )


def test_a_link_to_nothing_is_not_written_through(tree):
    os.symlink("none.png", "link.png")
    os.symlink("loop.png", "loop.png")
    for name in ("link.png", "loop.png"):
        said = refused("a/x.png", output=name, overwrite=True)
        assert said.startswith(f"argument -o/--output: '{name}' is a link to a file that does not")
