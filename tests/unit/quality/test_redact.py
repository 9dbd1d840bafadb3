"""What is a secret goes whatever stands around it, what is none stays, and redacting twice is redacting once."""

import re
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ddllm.quality.redact import redact

HEX = "0123456789abcdef" * 2
MARKER = re.compile(r"\[(?:key|email|card|phone)(?::\d+)?\]")


def letters(length, of=string.ascii_letters + string.digits):
    return (of * length)[3 : 3 + length]


KEYS = {
    "AWS": f"AKIA{letters(16, string.ascii_uppercase)}",
    "AWS, for a session": f"ASIA{letters(16, string.ascii_uppercase)}",
    "GitHub": f"ghp_{letters(36)}",
    "GitHub, fine-grained": f"github_pat_{letters(22)}_{letters(59)}",
    "GitLab": f"glpat-{letters(18)}-_",
    "Slack": f"xoxb-123456789012-{letters(24)}",
    "Slack, an application": f"xapp-1-A012345-{letters(24)}",
    "Stripe": f"sk_live_{letters(24)}",
    "Stripe, restricted": f"rk_test_{letters(24)}",
    "Stripe, a webhook": f"whsec_{letters(32)}",
    "OpenAI": f"sk-{letters(48)}",
    "OpenAI, of a project": f"sk-proj-{letters(40)}_-{letters(10)}",
    "Anthropic": f"sk-ant-api03-{letters(93)}",
    "Google": f"AIza{letters(35)}",
    "Google, a session": f"ya29.{letters(40)}",
    "Google, a client": f"GOCSPX-{letters(28)}",
    "Groq": f"gsk_{letters(52)}",
    "Hugging Face": f"hf_{letters(34)}",
    "SendGrid": f"SG.{letters(22)}.{letters(43)}",
    "JWT": f"eyJ{letters(20)}.eyJ{letters(40)}.{letters(43)}",
    "JWT, unsigned": f"eyJ{letters(20)}.eyJ{letters(40)}.",
    "private key": f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{letters(64)}\n{letters(20)}==\n-----END RSA PRIVATE KEY-----",
    "private key in JSON": f"-----BEGIN PRIVATE KEY-----\\n{letters(64)}\\n-----END PRIVATE KEY-----\\n",
}
EMAILS = [
    "ann@example.com",
    "ann.b.lee+shop@mail.example.co.uk",
    "o_o%x@x-y.io",
    "jörg@müller.de",
    "пётр@почта.рф",
    "a@xn--e1afmkfd.xn--p1ai",
    "1@2.museum",
]
CARDS = [
    "4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "5555555555554444", "2223003122003222", "378282246310005", "3782 822463 10005",
    "3782-822463-10005", "30569309025904", "3056 930902 5904", "6011 1111 1111 1117", "4222222222222"
]  # fmt: skip
PHONES = [
    "+49 30 1234567", "+49 (0)30 1234567", "+49-30-1234567", "+4930/1234567", "+1 555 123 4567", "+1 (555) 123-4567", "+15551234567", "+33 6 12 34 56 78",
    "+44 20 7946 0958", "(+49) 30 1234567", "(555) 123-4567", "(555)123-4567", "555-123-4567", "555.123.4567", "1-800-555-1234", "555-123-4567 ext. 12",
    "030/1234567", "030 1234567", "030 / 1234567", "(030) 1234567", "(030)1234567", "0171-1234567", "089 12 34 56 78", "020 7946 0958", "06 12345678",
    "03-1234-5678", "01 23 45 67 89", "06.12.34.56.78", "0049 30 1234567",
]  # fmt: skip
NO_SECRETS = [
    "2024-01-15", "15.01.2024", "01/02/2024", "01-02-2024 10:30", "05/2024 12345678", "10:30:45.123456", "2024-01-15T10:30:00Z", "2024-01-15 08:30:00", "20240115103045",
    "v1.22.333", "192.168.100.200", "10.0.0.1:8080", "2001:db8::8a2e:370:7334", "lodash@4.17.21", "user@localhost", "@decorator x @ y", "1700000000", "1700000000000",
    "1700000000000000000", "550e8400-e29b-41d4-a716-446655440000", "12345678-1234-1234-1234-123456789012", "order 1234567890", "order 112-1234567-1234567",
    "invoice 2024-000123", "no. 4111111111111112", "no. 4111 1111 1111 1112", "4111-1111-1111-1112", "ISBN 978-0-306-40615-7", "ISBN 9780306406157", "0.4111111111111111", "3.14159265358979", "$1,234,567.89",
    "1024 2048 4096", "2019 2020 2021 2022", "pages 10-20", "123-45-6789", "1 234 567 890", HEX, "sha " + letters(40, "0123456789abcdef"), "max_tokens=4096", "the token: a word",
    "Secret: nobody knows", "the bearer of bad news", "Bearer authentication", "a password is required", "if token == None:", "key=value", "a task-oriented-and-very-long-slug",
    "a risk-based-approach-to-everything", "AKIA is a prefix", "sk-learn", "C++ 12 34 56 78", "tax: 1234567", "call 2024-01-15",
    "[email] [key] [card:2] [phone:3] 1234567", "", " ", "€ 12 … — “quoted”",
]  # fmt: skip


def luhn_completed(digits):
    for last in "0123456789":
        total = 0
        for place, digit in enumerate(reversed(digits + last)):
            value = int(digit) * (1 + place % 2)
            total += value - 9 * (value > 9)
        if total % 10 == 0:
            return digits + last
    raise AssertionError


@pytest.mark.parametrize("secret", KEYS.values(), ids=KEYS)
def test_keys_go_by_their_form(secret):
    assert redact(f"use {secret} here") in {"use [key] here", "use [key]\\n here"}
    assert redact(secret).startswith("[key]")


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"Authorization: Bearer {letters(20)}", "Authorization: Bearer [key]"),
        ("authorization: basic dXNlcjpwYXNzd29yZDE=", "authorization: basic [key]"),
        (f"DD_API_KEY={HEX}", "DD_API_KEY=[key]"),
        (f"my Datadog API key is {HEX}.", "my Datadog API key is [key]."),
        (f"app key: {HEX}aabbccdd", "app key: [key]"),
        (f'"application_key": "{HEX}"', '"application_key": "[key]"'),
        ("password=hunter2", "password=[key]"),
        ("Password: hunter2", "Password: [key]"),
        ('"password": "correct horse"', '"password": "[key]"'),
        ("{'client_secret' : 'rosebud'}", "{'client_secret' : '[key]'}"),
        ('{\\"api_key\\": \\"rosebuds\\"}', '{\\"api_key\\": \\"[key]\\"}'),
        ('DB_PASSWORD = "s3cr3t!, yes"', 'DB_PASSWORD = "[key]"'),
        ("aws_secret_access_key = wJalr/XUtn+FEMI", "aws_secret_access_key = [key]"),
        ("?access_token=abcdefgh&page=2", "?access_token=[key]&page=2"),
        ("postgres://app:rosebud@localhost:5432/db", "postgres://app:[key]@localhost:5432/db"),
        ("-----BEGIN PRIVATE KEY-----\nMIIabc+/\nxyz", "[key]"),
        (f"a ghp_{letters(36)} b ghp_{letters(36, 'xyz')} c ghp_{letters(36)}", "a [key] b [key:2] c [key]"),
    ],
)
def test_secrets_without_a_form_go_by_their_name(text, redacted):
    assert redact(text) == redacted


@pytest.mark.parametrize("secret", EMAILS)
def test_addresses_go(secret):
    assert redact(f"To: <{secret}>, thanks") == "To: <[email]>, thanks"
    assert redact(f"mailto:{secret}?subject=x") == "mailto:[email]?subject=x"


def test_an_address_ends_where_its_script_does():
    assert redact("メールはann@example.comです") == "メールは[email]です"


@pytest.mark.parametrize("secret", CARDS)
def test_cards_go(secret):
    assert redact(f"card {secret}, please") == "card [card], please"
    assert redact(f"order 12 {secret}, please") == "order 12 [card], please"
    assert redact(f'{{"number":"{secret}"}}') == '{"number":"[card]"}'


@pytest.mark.parametrize("secret", PHONES)
def test_phone_numbers_go(secret):
    parentheses = secret.startswith("(+")
    assert redact(f"Please use {secret}, thanks") == f"Please use {'(' * parentheses}[phone], thanks"
    assert redact(f'{{"p":"{secret}"}}') == f'{{"p":"{"(" * parentheses}[phone]"}}'


@pytest.mark.parametrize(
    "text",
    [
        "tel: 5551234567",
        "Phone number is 555 123 4567",
        "call me at 1234567",
        "Telefon 12 34 56 78",
        "WhatsApp: 07700900123",
    ],
)
def test_after_a_word_for_phones_any_long_number_is_one(text):
    assert redact(text).endswith("[phone]")


@pytest.mark.parametrize("text", NO_SECRETS)
def test_what_is_no_secret_stays(text):
    assert redact(text) == text
    assert redact(f"see {text} there") == f"see {text} there"


def test_markers_tell_the_same_from_the_different():
    text = "a@x.de b@x.de A@x.de 4111-1111-1111-1111 4111111111111111 555-123-4567 (555) 123-4567 555-123-4568"
    assert redact(text) == "[email] [email:2] [email] [card] [card] [phone] [phone] [phone:2]"


def test_numbers_beside_a_number_stay():
    assert redact("4111 1111 1111 1111 99") == "[card] 99"
    assert redact("555-123-4567 555-987-6543") == "[phone] [phone:2]"
    assert redact("4111111111111111 5555555555554444") == "[card] [card:2]"
    assert redact("030 1234567 2024 12") == "[phone] 2024 12"


words = st.text(st.sampled_from("abc xyz,;!?\n\"'()<>{}é→"), max_size=30)
anything = st.text(max_size=30)
secret_parts = (
    *KEYS.values(),
    *EMAILS,
    *CARDS,
    *PHONES,
    "password=hunter22",
    "1700000000000",
    "token",
    "key is ",
    HEX,
    "://u:",
    "@",
    "[phone] ",
    "[key] ",
)
mixtures = st.lists(
    st.sampled_from(secret_parts) | anything | st.sampled_from(" -./:+(,@=_0123456789"), max_size=8
).map("".join)


@settings(max_examples=200)
@given(mixtures | anything)
def test_redacting_twice_is_redacting_once(text):
    once = redact(text)
    assert redact(once) == once


@settings(max_examples=150)
@given(st.text(st.sampled_from("0123456789 -/.+()"), max_size=60))
@example("01 " * 30)
@example("555-123-4567/" * 5)
@example("+1 2 " * 20)
def test_redacting_numbers_twice_is_redacting_once(text):
    once = redact(text)
    assert redact(once) == once


@settings(max_examples=150)
@given(words, st.sampled_from([*KEYS.values(), *EMAILS, *CARDS, *PHONES]), words)
def test_planted_secrets_do_not_survive(before, secret, after):
    text = redact(f"{before} {secret} {after}")
    assert secret not in text
    assert max(map(len, re.findall(r"\d+", MARKER.sub("", text))), default=0) < 4


@given(
    words,
    st.sampled_from([15, 16, 17, 18, 19]).flatmap(lambda n: st.text("3456", min_size=n - 1, max_size=n - 1)),
    words,
)
def test_planted_cards_of_any_number_do_not_survive(before, digits, after):
    card = luhn_completed(digits)
    assert redact(f"{before} {card} {after}") == f"{before} [card] {after}"
    spaced = " ".join(card[at : at + 4] for at in range(0, len(card), 4))
    assert redact(f"{before} {spaced} {after}") == f"{before} [card] {after}"


@given(st.text(st.characters(exclude_categories=["Nd", "Cs"], exclude_characters="@=:-")))
def test_prose_without_digits_and_signs_is_unchanged(text):
    assert redact(text) == text


@given(
    st.lists(
        st.sampled_from(
            [
                "the",
                "token",
                "api",
                "key",
                "secret",
                "of",
                "12",
                "2024",
                "3.5",
                "a-b",
                "phone",
                "e.g.",
                "GPT-4",
                "10:30",
            ]
        ),
        max_size=30,
    )
)
def test_prose_about_secrets_is_unchanged(parts):
    text = ", ".join(parts)
    assert redact(text) == text


@pytest.mark.parametrize(
    "unit",
    ["a", "a@", "a@b.", "1", "1 ", "01 ", "(0", "+1 ", "+1234567890123456789012345 ", "eyJaaaaaaaaaa.", "-----BEGIN PRIVATE KEY-----", "password='",
     "password: a", "key is ", "://a:", "bearer a", "4111 1111 ", "555-123-", "tel: no is me at ", "é"],
)  # fmt: skip
def test_a_megabyte_made_to_be_slow_is_done(unit):
    text = unit * (1_000_000 // len(unit))
    assert len(redact(text)) <= len(text) + 10
