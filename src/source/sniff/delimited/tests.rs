use super::*;

fn found(text: &str) -> Delimited {
    Delimited::of(text, true).unwrap()
}

#[test]
fn the_delimiter_makes_records_alike() {
    for (text, delimiter, width) in [
        ("id,name\n1,Ann\n2,Bob\n", ",", 2),
        ("id;amount\n1;2,5\n2;3,75\n", ";", 2),
        ("id\ttext\n1\ta, b\n2\tc\n", "\t", 2),
        ("id||name\n1||Ann\n", "||", 2),
        ("a|b|c\n1|2|3\n", "|", 3),
        ("1\u{1}x\n2\u{1}y\n", "\u{1}", 2),
        ("name\nAnn\nBob, B.\n", ",", 1),
        ("id,at\n1,10:30:00\n2,11:00:00\n", ",", 2),
        ("id::name::x\n1::Ann::a\n2::::b\n", "::", 3),
        ("id|~|name|~|x\n1|~|Ann|~|a\n2|~||~|b\n", "|~|", 3),
        ("id~|~name\nx~|~Ann\ny~|~Bob\n", "~|~", 2),
        ("id^|^name\n1^|^Ann\n", "^|^", 2),
        ("1,,a\n2,,b\n3,,c\n", ",", 3),
        ("id,amount\n1,-5\n2,-7\n", ",", 2),
        (
            "10.0.0.1 - - [10/Oct/2024:13:55:36 -0700] \"GET /a HTTP/1.0\" 200 2326\n\
             10.0.0.2 - - [10/Oct/2024:13:55:37 -0700] \"GET /b:c HTTP/1.0\" 404 -\n",
            " ",
            8,
        ),
        ("2 123 eni-1 10.0.0.1 10.0.0.2 443 6 ACCEPT OK\n2 123 eni-1 10.0.0.1 10.0.0.2 80 6 REJECT OK\n", " ", 9),
        ("text\nOne two three four five six\nOne two three four five six seven\n", ",", 1),
        ("id,url\n1,http://x::y\n2,http://x::z\n", ",", 2),
    ] {
        let found = found(text);
        assert_eq!((found.notation.delimiter.as_str(), found.records[0].len()), (delimiter, width), "{text:?} {found:?}");
    }
}

#[test]
fn quotes_and_escapes_are_those_that_leave_none_over() {
    let plain = found("id,name\n1,\"a, b\"\n2,\"c \"\"d\"\"\"\n");
    assert_eq!((plain.notation.quote, plain.notation.escape, plain.records[2][1].as_str()), (Some('"'), None, "c \"d\""));
    let single = found("id,name\n1,'a, b'\n2,'c'\n");
    assert_eq!((single.notation.quote, single.records[1][1].as_str()), (Some('\''), "a, b"));
    let escaped = found("id,name,x\n1,\"size 5\\\", big\",a\n2,\"b\",\"c\"\n3,d,e\n");
    assert_eq!(escaped.notation.escape, Some('\\'), "{escaped:?}");
    let caret = found("id,name,x\n1,\"size 5^\", big\",a\n2,\"b\",\"c\"\n3,d,e\n");
    assert_eq!((caret.notation.escape, caret.notation.escape_unquoted), (Some('^'), false), "{caret:?}");
    let bare = found("id,name,x\n1,a^, b,c\n2,d,e\n3,f^,g,h\n");
    assert_eq!((bare.notation.escape, bare.notation.quote, bare.records[1][1].as_str()), (Some('^'), None, "a, b"), "{bare:?}");
    let both = found("id,name,x\n1,a^, b,c\n2,\"d^\"\n, x\",e\n3,f,g\n");
    assert_eq!(
        (both.notation.escape, both.notation.quote, both.notation.escape_unquoted),
        (Some('^'), Some('"'), true),
        "{both:?}"
    );
    let unquoted = found("id\ttitle\n1\t\"Quoted\" start\n2\t\"Only at the start\n3\t6\" pipe\n");
    assert_eq!(unquoted.notation.quote, None, "{unquoted:?}");
    assert!(found("id, name\n1, \"a, b\"\n2, \"c, d\"\n").notation.trim);
}

/// Lines before the records, those after them, the trailer, and the number of records and others.
fn around(text: &str) -> (u64, u64, String, usize, usize) {
    let found = found(text);
    let has_around = found.skip_lines > 0 || found.footer_lines > 0 || found.trailer.is_some() || found.others > 0;
    assert!(!has_around || !found.doubts.is_empty(), "nothing is left out without a doubt: {found:?}");
    (found.skip_lines, found.footer_lines, found.trailer.unwrap_or_default(), found.records.len(), found.others)
}

#[test]
fn lines_around_the_records_are_none() {
    let table = "id,name,x\n1,a,b\n2,c,d\n";
    for (text, skipped, footers, trailer) in [
        (format!("Report of May\n\n{table}Total: 2\n"), 2, 0, "Total: {rows}"),
        (format!("{table}Total: 2\n\n\n"), 0, 0, "Total: {rows}"),
        (format!("{table}Total: 2\nPrinted by Ann\n\n"), 0, 2, ""),
        (format!("{table}TRL,2\n"), 0, 0, "TRL,{rows}"),
        (format!("{table}Total,,30.5\n"), 0, 0, "Total,,*"),
        (format!("\"Report, May\"\n\"of\n2024\"\n{table}"), 3, 0, ""),
        (format!("\"Report \"\"May\"\"\",,\n,,\n{table}"), 2, 0, ""),
        ("\"Report\",,\ncode,name,x\na,b,c\nd,e,f\n".to_owned(), 1, 0, ""),
        (format!("Report,,May\n{table}"), 1, 0, ""),
        ("id,,x\n1,a,b\n2,c,d\n".to_owned(), 0, 0, ""),
        (",mean,max\nx,1,2\ny,3,4\n".to_owned(), 0, 0, ""),
        (format!("Account:,12\nFrom:,2024-05-01\n\n{table}"), 3, 0, ""),
        (table.replace('\n', "\r") + "Total: 2\r\r", 0, 0, "Total: {rows}"),
        (table.replace('\n', "\r\n") + "(2 rows)\r\n\r\n", 0, 0, "({rows} rows)"),
    ] {
        assert_eq!(around(&text), (skipped, footers, trailer.to_owned(), 3, 0), "{text}");
    }
    let marked = found("H|20240501|FILE\n1|Ann|5|x\n2|Bob|6|y\nT|2\n");
    assert_eq!((marked.notation.delimiter.as_str(), marked.others, marked.has_header), ("|", 1, false), "{marked:?}");
    assert!(found("k,v\nAnn,1\nBob,2\nTotal,3\n").doubts[0].contains("as a trailer does"));
    let sep = found("sep=;\nid;name\n1;a\n");
    assert_eq!((sep.notation.delimiter.as_str(), sep.notation.sep_line, sep.skip_lines, sep.records.len()), (";", true, 0, 2));
    let trailing = found("id,name\n1,a,\n2,b,\n");
    assert_eq!((trailing.trailing_delimiter, trailing.skip_lines, trailing.records.len()), (true, 0, 3), "{trailing:?}");
}

#[test]
fn a_record_of_another_width_is_a_record() {
    for (text, records, others) in [
        ("a,b,c\n1,2,3\n4,5\n6,7,8\n9,1,2\n", 4, 1),
        // A header that is longer than all records, or shorter.
        ("id,name,x\n1,Ann\n2,Bob\n3,Cem\n", 1, 3),
        ("id,name\n1,Ann,x\n2,Bob,y\n", 1, 2),
        // No header, and a short record first or last.
        ("1,Ann\n2,Bob,x\n3,Cem,y\n4,Dan,z\n", 3, 1),
        ("1\n2,Bob,x\n3,Cem,y\n4,Dan,z\n", 3, 1),
        ("1,Ann,x\n2,Bob,y\n3,Cem\n", 2, 1),
        ("id,name\n1,Ann\n2,Bob\n3,Cem,x\n", 3, 1),
        ("name,city\nAnn,Bern\nBob,Basel\nCem\n", 3, 1),
        ("id,name\n1,\"Ann, A.\"\n2,Bob\n3,\"Cem\n", 3, 1),
    ] {
        assert_eq!(around(text), (0, 0, String::new(), records, others), "{text}");
    }
}

#[test]
fn the_end_of_a_sample_is_not_that_of_the_file() {
    let text = format!("id,name,x\n{}", "1,Ann,\"a\nb\"\n".repeat(20_000));
    let found = Delimited::of(&text, true).unwrap();
    assert_eq!((found.footer_lines, found.trailer, found.others), (0, None, 0));
}

#[test]
fn fields_of_several_lines_are_no_trailers() {
    for text in ["id,text\r\n1,\"a\r\nb, c\r\nd\"\r\n2,\"e\r\n\r\nf,\r\n\"\r\n", "id,text\n1,\"a\nb, c\nd\"\n2,\"e\n\nf,\n\"\n"] {
        let found = found(text);
        assert_eq!((found.footer_lines, found.others, found.records.len(), found.doubts.len()), (0, 0, 3, 0), "{found:?}");
    }
}
