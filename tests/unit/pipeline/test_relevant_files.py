from octrad.pipeline.relevant_files import FILE_BYTES, FILES_BYTES, TREE_LINES, ListedFile, choose_files, describe_tree


def file(path: str, size: int = 100, kind: str = "file") -> ListedFile:
    return ListedFile(path, size, kind)


def test_links_generated_binary_and_large_files_are_left_out() -> None:
    files = [
        file("a.py"),
        file("l", kind="symlink"),
        file("Cargo.lock"),
        file("x/logo.png"),
        file("big", FILE_BYTES + 1),
    ]
    assert choose_files(files) == ["a.py"]


def test_mentioned_files_go_before_owned_ones_and_these_before_the_others() -> None:
    half = FILES_BYTES // 3 + 1
    size = min(half, FILE_BYTES)
    files = [file("other.py", size), file("mine/a.py", size), file("seen.py", size), file("small.py", 10)]
    chosen = choose_files(files, owns=["mine/**"], mentioned_in='File "seen.py", line 3')
    assert {"seen.py", "mine/a.py", "small.py"} <= set(chosen)
    assert "other.py" not in chosen or 3 * size + 10 <= FILES_BYTES


def test_chosen_files_fit_the_budget() -> None:
    files = [file(f"{number}.py", 20_000) for number in range(10)]
    assert len(choose_files(files)) == FILES_BYTES // 20_000


def test_long_listings_are_cut_and_say_so() -> None:
    lines = describe_tree([file(f"{number:04}") for number in range(TREE_LINES + 7)]).splitlines()
    assert len(lines) == TREE_LINES + 1
    assert lines[-1] == "… and 7 more"


def test_what_was_fetched_is_one_line_and_shown_only_where_it_is_mentioned() -> None:
    files = [file(".m2/a.pom"), file(".m2/b/c.pom"), file("a.py"), file("web/vendor/x.php")]
    assert describe_tree(files).splitlines() == [
        ".m2/ (2 files that were fetched)",
        "web/vendor/ (1 files that were fetched)",
        "a.py (100 bytes)",
    ]
    assert choose_files(files) == ["a.py"]
    assert choose_files(files, mentioned_in="error in web/vendor/x.php line 3") == ["a.py", "web/vendor/x.php"]


def test_names_that_could_pass_for_more_lines_are_quoted() -> None:
    assert describe_tree([file("a\nb")]) == "'a\\nb' (100 bytes)"


def test_empty_tree_is_said_to_be_empty() -> None:
    assert describe_tree([]) == "none"
