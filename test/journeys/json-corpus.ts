import assert from "node:assert/strict";

import type { RawClient } from "../support/raw-client.ts";

import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { answering } from "../support/upstream-scripts.ts";

/**
 * JSON texts and what becomes of them. `y_` is accepted and arrives byte for byte, `n_` is malformed_body. `i_` is what
 * RFC 8259 leaves to the reader; the verdict that stands beside it is the gateway's, as documented.
 */
export interface CorpusCase {
  readonly name: string;
  readonly bytes: Buffer;
  readonly isAccepted: boolean;
}

export interface CorpusFigures {
  readonly cases: number;
  readonly accepted: number;
  readonly refused: number;
}

/** Sends every text through the gateway, as one piece and again chunked; compares verdict and bytes. */
export async function sendCorpus(cases: readonly CorpusCase[]): Promise<CorpusFigures> {
  await using stage = new Stage();
  const upstream = await stage.front(answering(), {
    schemas: { "any.json": true },
    upstream: { concurrency: { limit: 4 } },
    route: { request: { body: { schema: "any.json", maxSize: "2MiB", required: true } } },
  });
  const client = await stage.client();
  let accepted = 0;
  for (const { name, bytes, isAccepted } of cases) {
    for (const request of [whole(bytes), chunked(bytes)]) {
      const status = await statusOf(client, request);
      assert.equal(status, isAccepted ? 200 : 400, `${name}: ${bytes.toString("latin1").slice(0, 80)}`);
      if (!isAccepted) continue;
      assert.ok(upstream.requests.at(-1)?.body.equals(bytes), `${name} arrives as it was sent`);
    }
    if (isAccepted) accepted += 1;
    assert.equal(upstream.requests.length, 2 * accepted, `${name}: nothing else arrives`);
  }
  return { cases: cases.length, accepted, refused: cases.length - accepted };
}

const fields = [["Content-Type", "application/json"]] as const;

function whole(body: Buffer): Buffer {
  return requestBytes({ method: "POST", fields, body });
}

/** In three chunks, cut where characters and tokens may be cut too. */
function chunked(body: Buffer): Buffer {
  const third = Math.ceil(body.length / 3);
  const pieces = [body.subarray(0, third), body.subarray(third, 2 * third), body.subarray(2 * third)];
  const chunks = pieces.flatMap((piece) => {
    return piece.length === 0 ? [] : [Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")];
  });
  const head = requestBytes({ method: "POST", fields: [...fields, ["Transfer-Encoding", "chunked"]] });
  return Buffer.concat([head, ...chunks, Buffer.from("0\r\n\r\n")]);
}

async function statusOf(client: RawClient, bytes: Buffer): Promise<number> {
  client.send(bytes);
  const response = await client.response("POST");
  if (response.status === 400) assert.match(response.body.toString(), /"code":"(?:malformed_body|invalid_body)"/);
  return response.status;
}

/** Texts by name. Strings are UTF-8; for other bytes there are buffers. */
type Texts = Readonly<Record<string, string | Buffer>>;

const valid: Texts = {
  null: "null",
  true: "true",
  false: "false",
  zero: "0",
  minus_zero: "-0",
  one_digit: "7",
  negative: "-1",
  fraction: "0.5",
  negative_fraction: "-0.25",
  long_fraction: "3.14159265358979323846264338327950288419716939937510",
  exponent: "1e2",
  exponent_capital: "1E2",
  exponent_plus: "1e+2",
  exponent_minus: "1e-2",
  exponent_leading_zeros: "1e002",
  zero_exponent: "0e5",
  fraction_exponent: "1.5e3",
  minus_zero_exponent: "-0.0e-0",
  empty_string: '""',
  space_string: '" "',
  string_escapes: String.raw`"\"\\\/\b\f\n\r\t"`,
  string_unicode_escape: String.raw`"\u0061"`,
  string_unicode_escape_case: String.raw`"\u00Ee"`,
  string_escaped_nul: String.raw`"\u0000"`,
  string_surrogate_pair: String.raw`"\ud83d\ude00"`,
  string_utf8_two: '"é"',
  string_utf8_three: '"€"',
  string_utf8_four: '"😀"',
  string_utf8_last: Buffer.from([0x22, 0xf4, 0x8f, 0xbf, 0xbf, 0x22]),
  string_noncharacter: '"\uffff"',
  string_replacement: '"\ufffd"',
  string_bom_within: '"\ufeff"',
  string_line_separators: '"\u2028\u2029"',
  string_delete: '"\u007f"',
  string_c1_control: '"\u0085"',
  string_slash: '"a/b"',
  string_backslash_u: String.raw`"\\u0061"`,
  string_looks_like_object: '"{\\"a\\":1}"',
  string_comment: '"/* no */ // comment"',
  string_colon: '":"',
  string_brackets: '"[{]}"',
  string_long: `"${"x".repeat(100_000)}"`,
  empty_array: "[]",
  empty_object: "{}",
  array_spaces: "[ ]",
  object_spaces: "{ }",
  array_one: "[1]",
  array_mixed: '[null,true,1,"a",[],{}]',
  array_nested_empty: "[[],[[]]]",
  array_newlines: "[\n1\r\n,\t2 ]",
  array_long: `[${"1,".repeat(100_000)}1]`,
  object_one: '{"a":1}',
  object_two: '{"a":1,"b":2}',
  object_empty_name: '{"":0}',
  object_nested: '{"a":{"a":{"a":{}}}}',
  object_same_name_apart: '[{"a":1},{"a":2}]',
  object_same_name_nested: '{"a":{"a":1}}',
  object_names_differ_by_case: '{"a":1,"A":2}',
  object_names_not_normalised: '{"\u00e9":1,"e\u0301":2}',
  object_escaped_name: String.raw`{"\u0061b":1}`,
  object_numeric_names: '{"1":1,"0":0,"01":2}',
  object_name_like_method: '{"constructor":1,"toString":2,"hasOwnProperty":3}',
  object_proto_without_underscores: '{"proto":1,"__proto":2,"proto__":3}',
  object_prototype: '{"prototype":{"a":1}}',
  object_proto_as_value: '{"a":"__proto__"}',
  object_spaces_around: ' { "a" : 1 } ',
  object_string_with_colon: '{"a:b":"c:d"}',
  object_string_with_quote: String.raw`{"a\"b":"c\\"}`,
  object_many: `{${Array.from({ length: 5000 }, (_, i) => `"k${i}":${i}`).join(",")}}`,
  whitespace_around: " \t\r\n[] \t\r\n",
  whitespace_long: `${" ".repeat(10_000)}1`,
  big_integer: "12345678901234567890123456789012345678901234567890",
  trailing_newline: "{}\n",
};

const invalid: Texts = {
  only_space: " ",
  only_newline: "\n",
  word: "nul",
  word_long: "nulll",
  word_capital: "True",
  word_upper: "NULL",
  undefined: "undefined",
  nan: "NaN",
  infinity: "Infinity",
  minus_infinity: "-Infinity",
  bare_word: "abc",
  plus_sign: "+1",
  two_signs: "--1",
  minus_alone: "-",
  minus_space: "- 1",
  leading_zero: "01",
  leading_zeros: "00",
  negative_leading_zero: "-01",
  dot_first: ".5",
  dot_last: "1.",
  dot_alone: ".",
  minus_dot: "-.5",
  two_dots: "1.2.3",
  dot_exponent: "1.e1",
  exponent_empty: "1e",
  exponent_sign_only: "1e+",
  exponent_fraction: "1e1.5",
  exponent_two: "1e1e1",
  hexadecimal: "0x1F",
  octal: "0o7",
  binary: "0b1",
  number_underscore: "1_000",
  number_comma: "1,000",
  number_letter: "1a",
  number_space: "1 2",
  number_bigint: "1n",
  fullwidth_digit: "\uff11",
  arabic_digit: "\u0661",
  string_unclosed: '"a',
  string_single_quotes: "'a'",
  string_curly_quotes: "\u201ca\u201d",
  string_backtick: "`a`",
  string_lone_quote: '"',
  string_escaped_end: '"\\"',
  string_escape_x: String.raw`"\x41"`,
  string_escape_octal: String.raw`"\101"`,
  string_escape_zero: String.raw`"\0"`,
  string_escape_a: String.raw`"\a"`,
  string_escape_v: String.raw`"\v"`,
  string_escape_quote: String.raw`"\'"`,
  string_escape_newline: '"\\\n"',
  string_escape_capital_u: String.raw`"\U0061"`,
  string_escape_braces: String.raw`"\u{61}"`,
  string_escape_short: String.raw`"\u006"`,
  string_escape_no_hex: String.raw`"\u00gg"`,
  string_escape_cut: String.raw`"\u`,
  string_escape_nonascii: '"\\é"',
  string_two: '"a""b"',
  array_unclosed: "[1",
  array_unclosed_comma: "[1,",
  array_unopened: "1]",
  array_wrong_close: "[1}",
  array_comma_last: "[1,]",
  array_comma_first: "[,1]",
  array_comma_alone: "[,]",
  array_comma_twice: "[1,,2]",
  array_no_comma: "[1 2]",
  array_colon: "[1:2]",
  array_member: '["a":1]',
  array_double_close: "[]]",
  array_parentheses: "(1)",
  array_spread: "[...[1]]",
  object_unclosed: '{"a":1',
  object_unclosed_name: '{"a',
  object_unclosed_colon: '{"a":',
  object_wrong_close: '{"a":1]',
  object_comma_last: '{"a":1,}',
  object_comma_first: '{,"a":1}',
  object_comma_alone: "{,}",
  object_comma_twice: '{"a":1,,"b":2}',
  object_no_comma: '{"a":1 "b":2}',
  object_semicolon: '{"a":1;"b":2}',
  object_no_colon: '{"a" 1}',
  object_two_colons: '{"a"::1}',
  object_equals: '{"a"=1}',
  object_no_value: '{"a":}',
  object_no_name: "{:1}",
  object_name_only: '{"a"}',
  object_name_bare: "{a:1}",
  object_name_number: "{1:1}",
  object_name_null: "{null:1}",
  object_name_single: "{'a':1}",
  object_name_array: "{[]:1}",
  object_double_close: "{}}",
  object_double_open: "{{}}",
  object_in_object: '{{"a":1}}',
  two_values: "{}{}",
  two_values_space: "{} {}",
  two_values_newline: "{}\n{}",
  value_comma: "{},",
  comma_alone: ",",
  colon_alone: ":",
  open_brace: "{",
  close_brace: "}",
  open_bracket: "[",
  close_bracket: "]",
  trailing_letter: "{}a",
  trailing_hash: "{}#",
  trailing_semicolon: "{};",
  comment_line: "{} // a",
  comment_block: "/**/{}",
  comment_within: '{"a":/*b*/1}',
  comment_hash: "# a\n{}",
  json_lines: "1\n2\n",
  json_sequence: "\u001e{}\n",
  xssi_prefix: ")]}',\n{}",
  jsonp: "callback({})",
  yaml: "a: 1",
  xml: "<a/>",
  form: "a=1&b=2",
  markup: "<!doctype html>",
  space_vertical_tab: "\v[]",
  space_form_feed: "\f[]",
  space_no_break: "\u00a0[]",
  space_ideographic: "\u3000[]",
  space_next_line: "\u0085[]",
  space_line_separator: "[\u2028]",
  space_zero_width: "[\u200b]",
  nul_before: "\0[]",
  nul_after: "[]\0",
  nul_within: "[\0]",
  nul_in_word: "nu\0ll",
  bytes_latin1: Buffer.from('"\xe9"', "latin1"),
  bytes_utf16le: Buffer.from('{"a":1}', "utf16le"),
  bytes_utf16be: Buffer.from('{"a":1}', "utf16le").swap16(),
  bytes_utf16le_bom: Buffer.from('\ufeff{"a":1}', "utf16le"),
  bytes_utf32le: Buffer.from([0x7b, 0, 0, 0, 0x7d, 0, 0, 0]),
  bytes_continuation: Buffer.from([0x22, 0x80, 0x22]),
  bytes_cut_two: Buffer.from([0x22, 0xc3, 0x22]),
  bytes_cut_three: Buffer.from([0x22, 0xe2, 0x82, 0x22]),
  bytes_cut_four: Buffer.from([0x22, 0xf0, 0x9f, 0x98, 0x22]),
  bytes_cut_at_end: Buffer.from([0x22, 0xf0, 0x9f, 0x98]),
  bytes_overlong_slash: Buffer.from([0x22, 0xc0, 0xaf, 0x22]),
  bytes_overlong_quote: Buffer.from([0x22, 0xc0, 0xa2, 0x22]),
  bytes_overlong_nul: Buffer.from([0x22, 0xc0, 0x80, 0x22]),
  bytes_overlong_three: Buffer.from([0x22, 0xe0, 0x80, 0xaf, 0x22]),
  bytes_overlong_four: Buffer.from([0x22, 0xf0, 0x80, 0x80, 0xaf, 0x22]),
  bytes_surrogate: Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
  bytes_surrogate_pair: Buffer.from([0x22, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80, 0x22]),
  bytes_too_high: Buffer.from([0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]),
  bytes_five: Buffer.from([0x22, 0xf8, 0x88, 0x80, 0x80, 0x80, 0x22]),
  bytes_fe: Buffer.from([0x22, 0xfe, 0x22]),
  bytes_ff: Buffer.from([0x22, 0xff, 0x22]),
  bytes_in_name: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
  bytes_outside_string: Buffer.from([0x5b, 0xff, 0x5d]),
  bytes_after_end: Buffer.from([0x5b, 0x5d, 0xff]),
  gzip: Buffer.from([0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0]),
};

/** Left to the reader by RFC 8259 §4, §6, §7, §8.1, §9: [text, accepted here]. */
const implementation: Readonly<Record<string, readonly [text: string | Buffer, isAccepted: boolean]>> = {
  bom: ["\ufeff{}", false],
  bom_only: ["\ufeff", false],
  bom_after_space: [" \ufeff{}", false],
  bom_trailing: ["{}\ufeff", false],
  name_twice: ['{"a":1,"a":2}', false],
  name_twice_same_value: ['{"a":1,"a":1}', false],
  name_twice_apart: ['{"a":1,"b":2,"a":3}', false],
  name_twice_deep: ['[{"x":{"a":1,"a":2}}]', false],
  name_twice_empty: ['{"":1,"":2}', false],
  name_twice_escaped: [String.raw`{"a":1,"\u0061":2}`, false],
  name_twice_escaped_slash: [String.raw`{"a/b":1,"a\/b":2}`, false],
  name_twice_surrogates: [String.raw`{"😀":1,"\ud83d\ude00":2}`, false],
  name_twice_numeric: ['{"1":1,"1":2}', false],
  name_three_times: ['{"a":1,"a":2,"a":3}', false],
  name_twice_late: [`{"z":0,${Array.from({ length: 3000 }, (_, i) => `"k${i}":${i}`).join(",")},"z":1}`, false],
  name_proto: ['{"__proto__":{"a":1}}', false],
  name_proto_null: ['{"__proto__":null}', false],
  name_proto_deep: ['[[{"a":{"__proto__":1}}]]', false],
  name_proto_escaped: [String.raw`{"\u005f_proto__":{}}`, false],
  name_proto_twice: ['{"__proto__":1,"__proto__":2}', false],
  number_huge: ["1e400", true],
  number_huge_negative: ["-1e400", true],
  number_tiny: ["1e-400", true],
  number_huge_exponent: ["1e99999999999999999999", true],
  number_beyond_double: ["9007199254740993", true],
  number_beyond_long: ["18446744073709551616", true],
  number_thousand_digits: ["9".repeat(1000), true],
  number_long_fraction: [`0.${"3".repeat(1000)}`, true],
  number_huge_in_object: ['{"amount":123456789012345678901234567890.123456789}', true],
  surrogate_high: [String.raw`"\ud83d"`, true],
  surrogate_low: [String.raw`"\ude00"`, true],
  surrogates_reversed: [String.raw`"\ude00\ud83d"`, true],
  surrogate_and_letter: [String.raw`"\ud83da"`, true],
  surrogate_and_broken_escape: [String.raw`"\ud83d\u"`, false],
  surrogate_in_name: [String.raw`{"\ud83d":1}`, true],
  surrogate_names_twice: [String.raw`{"\ud83d":1,"\uD83D":2}`, false],
  depth_64_arrays: [`${"[".repeat(64)}${"]".repeat(64)}`, true],
  depth_65_arrays: [`${"[".repeat(65)}${"]".repeat(65)}`, false],
  depth_64_objects: [`${'{"a":'.repeat(64)}1${"}".repeat(64)}`, true],
  depth_65_objects: [`${'{"a":'.repeat(65)}1${"}".repeat(65)}`, false],
  depth_64_mixed: [`${'[{"a":'.repeat(32)}1${"}]".repeat(32)}`, true],
  depth_66_mixed: [`${'[{"a":'.repeat(33)}1${"}]".repeat(33)}`, false],
  depth_in_string: [`"${"[".repeat(1000)}"`, true],
  depth_side_by_side: [`[${"[[[]]],".repeat(1000)}[]]`, true],
  depth_100000: ["[".repeat(100_000), false],
  depth_100000_objects: ['{"a":'.repeat(100_000), false],
  depth_100000_whole: [`${"[".repeat(100_000)}${"]".repeat(100_000)}`, false],
  scalar_at_top: ['"a"', true],
  line_separator_in_string: ['"\u2028"', true],
  // The test's route demands a body: nothing at all is invalid_body there.
  empty: ["", false],
};

/** Every control character, bare in a string: RFC 8259 §7 forbids them all. */
function controls(): CorpusCase[] {
  return Array.from({ length: 0x20 }, (_, code) => {
    return one(`n_string_control_${code}`, `"a${String.fromCharCode(code)}b"`, false);
  });
}

/** One valid text cut at each of its bytes. */
function cuts(): CorpusCase[] {
  const text = Buffer.from('{"a":[1.5e3,"\\u00e9é",true,null],"b":{}}');
  return Array.from({ length: text.length - 1 }, (_, i) => one(`n_cut_at_${i + 1}`, text.subarray(0, i + 1), false));
}

/** Each letter after a backslash. */
function escapes(): CorpusCase[] {
  return Array.from({ length: 26 }, (_, i) => String.fromCharCode(0x61 + i)).map((letter) => {
    return one(`${"bfnrt".includes(letter) ? "y" : "n"}_escape_${letter}`, `"\\${letter}"`, "bfnrt".includes(letter));
  });
}

function one(name: string, text: string | Buffer, isAccepted: boolean): CorpusCase {
  return { name, bytes: Buffer.from(text as string), isAccepted };
}

/** All of it. */
export function corpus(): readonly CorpusCase[] {
  return [
    ...Object.entries(valid).map(([name, text]) => one(`y_${name}`, text, true)),
    ...Object.entries(invalid).map(([name, text]) => one(`n_${name}`, text, false)),
    ...Object.entries(implementation).map(([name, [text, isAccepted]]) => one(`i_${name}`, text, isAccepted)),
    ...controls(),
    ...cuts(),
    ...escapes(),
  ];
}
