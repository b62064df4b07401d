#!/usr/bin/env python3
"""Each problem that tools/check-prose knows is found, and what is no problem is not.

Usage: check_prose_test.py TOOL
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(sys.argv.pop(1)).resolve()
WORDS_40 = "The server " + "then " * 37 + "stops."
WORDS_25 = "The server " + "then " * 22 + "stops."


def check(text, *options, name="page.md"):
    """The problems that the tool names in a file of this text."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / name
        path.write_text(text)
        done = subprocess.run([sys.executable, TOOL, *options, path], capture_output=True,
                              text=True)
    problems = done.stdout.splitlines()
    assert done.returncode == (1 if problems and "--table" not in options else 0), done
    assert not done.stderr, done.stderr
    return [line.partition(": ")[2] if "--table" not in options else line for line in problems]


class Problems(unittest.TestCase):
    def assert_found(self, part, *arguments, **named):
        found = check(*arguments, **named)
        self.assertTrue(any(part in problem for problem in found), (part, found))

    def test_long_sentence(self):
        self.assert_found("a sentence of 40 words", "It is short. " * 9 + WORDS_40)

    def test_long_sentence_over_several_lines(self):
        text = "It is short.\n" * 9 + WORDS_40.replace(" ", "\n")
        self.assert_found("a sentence of 40 words", text)

    def test_long_sentence_in_a_cell(self):
        self.assert_found("a sentence of 40 words", f"| a | b |\n| --- | --- |\n| 1 | {WORDS_40} |")

    def test_mean_of_a_document(self):
        self.assert_found("25.0 words a sentence", f"{WORDS_25} {WORDS_25}")

    def test_mean_with_sentences_in_cells(self):
        self.assert_found("25.0 words a sentence", f"| a | b | c | {WORDS_25} |")

    def test_long_line(self):
        self.assert_found("a line of 104 columns", ("It is. " * 15).strip())

    def test_long_line_of_code(self):
        self.assert_found("a line of 101 columns", "```\n" + "x " * 50 + "x\n```\n")

    def test_long_row_of_a_narrow_table(self):
        self.assert_found("columns, 100 are the most", f"| a | {'b c. ' * 25} |")

    def test_semicolon(self):
        self.assert_found("a semicolon", "It starts; it stops.")

    def test_private_word(self):
        self.assert_found("'Couriers' is a private word: transport", "Couriers carry it.")

    def test_a_goal_that_is_nobodys(self):
        self.assert_found("'asked 0.9'", "It brings 0.8, asked 0.95.")
        self.assert_found("'0.6 is asked'", "It brings 0.8 where 0.6 is asked.")

    def test_comments(self):
        code = f"// {WORDS_25}\nint a;  ///< the leaver\n/// It starts;\n/// it stops.\n"
        for part in ("25.0 words", "'leaver'", "a semicolon"):
            # The mean is of the file, so each of them alone.
            text = code if part != "25.0 words" else code.splitlines()[0]
            self.assert_found(part, text, "--comments", name="a.hpp")


class NoProblems(unittest.TestCase):
    def assert_clean(self, *arguments, **named):
        self.assertEqual(check(*arguments, **named), [])

    def test_plain_text(self):
        self.assert_clean("# Title\n\nIt starts. It stops after 1.5 s.\n\n- one item\n- another\n")

    def test_code_is_no_prose(self):
        self.assert_clean("It runs `courier; ladder`.\n\n```\nleash; rung\n```\n\n    bury; it\n")

    def test_addresses_are_no_prose(self):
        self.assert_clean("See [decision 30](decisions/0030-ladder.md).\n")

    def test_a_line_that_is_one_word(self):
        self.assert_clean(f"See:\n[the-page](https://{'x' * 120}.example)\n")

    def test_a_row_of_a_wide_table(self):
        self.assert_clean("| a | b | c | " + "1234567 " * 15 + "|\n")

    def test_named_tests_are_not_counted(self):
        self.assert_clean("It stops [test: " + "a name; \n" * 40 + "that is long].\n")

    def test_labels_are_not_in_the_mean(self):
        label = WORDS_25.rstrip(".").replace(" then then", "\n  then then")
        self.assert_clean(f"- {label}\n" * 3)

    def test_commented_code_of_cpp(self):
        self.assert_clean("// It stops.\n//\n//     x = 1; y = 2;\nint a = 1;\n", "--comments",
                          name="a.cpp")


class Table(unittest.TestCase):
    def test_figures(self):
        rows = check("It starts now. It stops; yes.\n", "--table")
        self.assertTrue(rows[-1].endswith("| 2 | 3.0 | 3 | 29 | 1 |"), rows)


if __name__ == "__main__":
    unittest.main()
