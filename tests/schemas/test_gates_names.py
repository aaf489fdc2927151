"""Names, places and contacts of identity in other answers: every case of Slavic names, and what is no name."""

from __future__ import annotations

import pytest

from schemas.gates_facts import Fact, Facts
from schemas.gates_names import mentions, with_placeholders

ACCOUNT = ("d_account", "narrative_text")
FULL = ("t_identity", "id_full_name")
PERSON = ("q_perp", ("pp", 3), "pp_name")


def facts(source, identity, account, *more) -> Facts:
    given = [Fact(source, identity, None, "identity"), Fact(ACCOUNT, account, None, "narrative"), *more]
    return Facts(given, {each.name: each.path for each in given})


def found(source, identity, account, *more) -> list[str]:
    return [each.text for each in mentions(facts(source, identity, account, *more))]


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("Павло Коваленко", "Павла Павлові Павлом Павле Коваленка Коваленкові Коваленком Коваленку"),
        ("Ольга Левицька", "Ольги Ользі Ольгу Ольгою Левицької Левицькій Левицьку"),
        ("Федір Коломієць", "Федора Федорові Федором Коломійця Коломійцем Коломійцю"),
        ("Андрій Ковальський", "Андрія Андрієві Андрієм Ковальського Ковальському Ковальським"),
        ("Марія Бондар", "Марії Марію Марією Бондаря Бондарем"),
        ("Ігор Сокіл", "Ігоря Ігореві Ігорем Сокола Соколом Соколові"),
        ("Ілля Мороз", "Іллі Іллю Іллею Мороза Морозом Морозу"),
        ("Галка Оксана", "Галці Галку Галкою Оксані Оксаною Оксано"),
        ("Павел Ковальский", "Павла Павлу Павлом Павле Ковальского Ковальскому Ковальским"),
        ("Ирина Морозова", "Ирины Ирине Ирину Ириной Морозовой Морозову"),
        ("Сергей Шевцов", "Сергея Сергею Сергеем Сергее Шевцова Шевцовым Шевцову"),
        ("Наталья Петровна", "Натальи Наталье Наталью Натальей Петровны Петровне Петровной"),
        ("Игорь Алексеевич", "Игоря Игорю Игорем Алексеевича Алексеевичем"),
        ("Любовь", "Любовью"),
        ("Іра", "Іри Ірі Іру Ірою"),
        ("Ірина", "Ирины Ирине"),
        ("іван петренко", "Івана Іваном Петренка"),
        ("John Example", "John’s Example"),
    ],
)
def test_a_name_is_found_in_every_case(name, forms):
    for form in forms.split():
        assert found(FULL, name, f"тоді {form} покликали") == [form], form


@pytest.mark.parametrize(
    ("name", "account"),
    [
        ("Максим", "Макс пішов сам"),
        ("Ольга", "тоді Олег і Олена пішли"),
        ("Надія Віра", "Тоді була надія, і віра теж"),
        ("Марія", "Марина, Маркіян і Мар’яна стояли поруч"),
        ("Петренко", "Петрова і Петрук стояли поруч"),
        ("Іра", "Вони забрали їх. Він, Їй, Ірод"),
        ("Громенко Остап (вигадана особа)", "Тоді та особа була вигадана"),
    ],
)
def test_another_word_is_no_name(name, account):
    assert found(FULL, name, account) == []


def test_what_is_no_persons_name_counts_inside_sentences_only():
    place = ("f_status", "res_settlement")
    assert found(place, "Тихий Куток", "Тихий вечір. Ми жили в Кутку") == ["Кутку"]
    person = "Высокий, усы, позывной «Муссон»"
    assert found(PERSON, person, "Высокий ушёл. Капитан говорил с Муссоном.") == ["Муссоном"]
    assert found(PERSON, "капитан Гроза", "Гроза была ночью. Капитан вышел") == ["Гроза"]


@pytest.mark.parametrize(
    ("contact", "account", "expected"),
    [
        ("+380 50 123 45 67", "дзвонили на 050-123-45-67 двічі", ["050-123-45-67"]),
        ("+380 50 123 45 67", "дзвонили на 050-123-45-68 двічі", []),
        ("0501234567", "о 14:30 2023-10-05 дали 12345 рублів", []),
        ("@goby_boat", "пишіть @goby_boat", ["@goby_boat"]),
        ("emil@demo.invalid", "почта Emil@demo.invalid.", ["Emil@demo.invalid"]),
        ("emil@demo.invalid", "почта emilia@demo.invalid", []),
    ],
)
def test_a_number_or_account_is_found_however_it_is_written(contact, account, expected):
    assert found(("t_identity", "id_phone"), contact, account) == expected


@pytest.mark.parametrize(
    ("source", "role", "placeholder"),
    [
        (PERSON, "self_taken", "P3"),
        (("s_witness", ("ow", 2), "ow_contact"), "self_taken", "W2"),
        (FULL, "self_taken", "V1"),
        (FULL, "relative", "S1"),
        (("t_identity", "id_affected_name"), "relative", "V1"),
        (("f_status", "res_settlement"), "self_taken", "[…]"),
    ],
)
def test_a_placeholder_is_offered_by_whose_name_it_is(source, role, placeholder):
    told = facts(
        source, "Громенко", "Був там Громенко.", Fact(("e_person", "respondent_role"), role, None, "narrative")
    )
    (mention,) = mentions(told)
    assert (mention.placeholder, mention.source, mention.path) == (placeholder, source, ACCOUNT)
    assert with_placeholders("Був там Громенко.", [mention]) == f"Був там {placeholder}."


def test_a_name_of_several_words_becomes_one_placeholder():
    text = "Я бачив Павла Коваленка, а потім Павло пішов."
    assert with_placeholders(text, mentions(facts(FULL, "Павло Коваленко", text))) == "Я бачив V1, а потім V1 пішов."


def test_names_may_stand_in_identity_itself_and_codes_of_staff_are_none():
    given = [
        Fact(FULL, "Павло", None, "identity"),
        Fact(PERSON, "Павло", None, "identity"),
        Fact(("a_setting", "documenter_code"), "Павло", None, "process"),
    ]
    assert mentions(Facts(given, {each.name: each.path for each in given})) == []
