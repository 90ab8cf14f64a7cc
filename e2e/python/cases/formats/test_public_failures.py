"""The public failures of nightly loads, and the test that has the right rows of each."""

import pytest

from cases.formats import test_csv, test_json, test_later_days, test_sniff, test_typed

# The failure, as the issue that collected them names it; then a case's words, or a test.
FAILURES = {
    "csv/01-spark-by-position": "columns by position, as Spark reads with a schema",
    "csv/02-headerless": "no header",
    "csv/03-delimiter-changed": "test_delimiter_that_changed_overnight_is_refused",
    "csv/04-wrong-file-all-null": "test_file_of_another_table_is_refused",
    "csv/06-mixed-delims-in-all": "test_part_in_another_dialect_is_refused",
    "csv/07-silent-swallow": "a backslash before a comma and a quote",
    "csv/08-backslash-escape": "backslash escapes of Spark",
    "csv/10-tsv-no-quoting": "tabs without quotes",
    "csv/11-two-digit-year": "years of two and three digits",
    "csv/13-german-dot-silent": "German thousands",
    "csv/14-decimal-comma": "decimal commas",
    "csv/15-thousands-comma-currency": "money, per cent, and losses in parentheses",
    "csv/17-space-before-quote": "a space before a quote",
    "csv/18-padded-text": "padded texts",
    "csv/20-trailer": "a trailer after many rows",
    "csv/21-preamble": "comments before the header",
    "csv/22-preamble-wide": "a title before the header and a comment at the end",
    "csv/23-yyyymmdd-names": "dates without separators in names",
    "csv/24-hive-path": "folders of Hive",
    "csv/25-multichar-delimiter": "a delimiter of two characters",
    "csv/27-trailing-delimiter-rows-only": "delimiters at the end of rows only",
    "csv/28-ragged-short-rows": "short rows",
    "csv/29-zip": "a zip archive of one file",
    "csv/30-zero-byte-parts": "empty parts",
    "csv/31-nonascii-headers": "letters of other scripts",
    "csv/33-local-time": "clock times of a zone",
    "csv/34-epoch": "instants as numbers",
    "csv/36-encodings": "an encoding by its name",
    "csv/38-late-part": "test_part_that_comes_late_is_told_and_read_by_a_rerun",
    "csv/39-sent-twice": "test_file_that_was_sent_twice_counts_once",
    "csv/40-duplicate-headers": "duplicate and empty headers",
    "csv/42-fixed-width": "fields at fixed positions",
    "csv/43-source-file-column": "columns from the files",
    "csv/44-avro-source": "Avro",
    "json/01-other-key-lands-in-column": "test_another_name_does_not_land_in_a_column",
    "json/02-key-clash-makes-struct-text": "names in one object that clash",
    "json/03-case-variants-at-top-level": "spellings that are one column",
    "json/06-whole-numbers-first": "test_first_fraction_is_refused_until_the_column_is_retyped",
    "json/07-raw-json-in-a-string-column": "a sub-document kept as its own text",
    "json/08-json-inside-a-string": "a document in a text, where a struct is declared",
    "json/09-epoch-and-other-instants": "instants of many writers in one column",
    "json/10-epoch-format-refused": "epoch seconds",
    "json/11-several-envelopes-in-a-file": "a value of the envelope in each row",
    "json/12-mongo-extended-json": "extended JSON of MongoDB",
    "json/14-dynamic-keys": "test_keys_that_are_data_become_a_map",
    "json/16-date-in-the-key-is-not-iso": "dates without separators, within names",
    "json/18-date-from-iso-midnight": "instants",
    "json/23-number-read-as-a-day": "numbers that are no days",
}
# Athena's partition projection and partition columns of int are of the metastore, not of the files: `src/lake/adopted.rs` and
# `test_partitions_have_the_form_of_the_module`.
OF_TABLES = ("json/19-glue-partition-projection", "json/20-glue-int-partition-key")


def names() -> set[str]:
    """Words of all cases, and names of all tests."""
    cases = [*test_csv.DIALECTS, *test_csv.VALUES, *test_csv.FILES, *test_json.DOCUMENTS, *test_json.VALUES, *test_typed.CASES]
    refused = [what for what, *_ in test_csv.REFUSED]
    tests = [name for module in (test_csv, test_json, test_later_days, test_sniff) for name in vars(module)]
    return {*(case.what for case in cases), *refused, *(name for name in tests if name.startswith("test_"))}


@pytest.mark.parametrize("failure", FAILURES)
def test_failure_has_a_test(failure: str) -> None:
    """The case or the test of that name is there."""
    assert FAILURES[failure] in names()


def test_all_failures_are_told() -> None:
    """The fifty that were collected."""
    assert len(FAILURES) + len(OF_TABLES) == 50
