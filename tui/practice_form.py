"""The short form of the practice: the kinds of question that every form has, put to an invented witness.

The rule: questions that decide whether an interview may go on have the names that the gates know, so that the gates
speak here as they do in earnest. The form is made in the three languages of interviews and travels in a pack.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

__all__ = ["FORM_ID", "xform"]

FORM_ID = "practice"
VERSION = "1"
LANGUAGES = ("English (en)", "Ukrainian (uk)", "Russian (ru)")
Words = tuple[str, str, str]
_HEAD = (
    '<?xml version="1.0"?><h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"'
    ' xmlns:jr="http://openrosa.org/javarosa" xmlns:odk="http://www.opendatakit.org/xforms"'
    ' xmlns:svidok="urn:svidok:form:1"><h:head>'
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: its path below the form, its words, how it is put, in which compartment it goes."""

    path: str
    words: Words
    mode: str
    compartment: str
    choices: str = ""
    appearance: str = ""
    required: str = "no"
    reserved: bool = True


SECTIONS: dict[str, tuple[Words, Words | None]] = {
    "b_safety": (("Before you begin", "Перш ніж почати", "Прежде чем начать"), None),
    "c_consent": (("Consent", "Згода", "Согласие"), None),
    "d_account": (
        ("Account", "Розповідь", "Рассказ"),
        (
            "Please tell me, in your own way and from the start, what happened.",
            "Розкажіть, будь ласка, своїми словами й від початку, що сталося.",
            "Расскажите, пожалуйста, своими словами и с начала, что произошло.",
        ),
    ),
    "h_event": (("Events", "Події", "События"), None),
    "t_identity": (("Identity", "Особисті дані", "Личные данные"), None),
}
_YES = {True: "yes", False: "no"}
REPEAT = "h_event/ev"
REPEAT_WORDS: Words = ("Event", "Подія", "Событие")
CHOICES: dict[str, tuple[tuple[str, Words], ...]] = {
    "yn": (("yes", ("Yes", "Так", "Да")), ("no", ("No", "Ні", "Нет"))),
    "event": (
        ("summons", ("Summons or list", "Повістка або список", "Повестка или список")),
        ("taken", ("Taken away", "Забрали", "Забрали")),
        ("search", ("Search of the home", "Обшук удома", "Обыск дома")),
        ("other", ("Other", "Інше", "Другое")),
    ),
}
QUESTIONS = (
    Asked(
        "b_safety/privacy_ok",
        ("Can nobody overhear you?", "Вас ніхто не чує?", "Вас никто не слышит?"),
        "staff", "process", "yn", required="block", reserved=False,
    ),
    Asked(
        "c_consent/consent_interview",
        (
            "May I ask you questions and write down what you tell me?",
            "Чи можна ставити Вам запитання й записувати те, що Ви розповідаєте?",
            "Можно ли задавать Вам вопросы и записывать то, что Вы рассказываете?",
        ),
        "read", "process", "yn", required="block", reserved=False,
    ),
    Asked(
        "c_consent/consent_store",
        (
            "May our organisation keep what you tell, encrypted?",
            "Чи може наша організація зберігати розказане зашифрованим?",
            "Может ли наша организация хранить рассказанное в зашифрованном виде?",
        ),
        "read", "process", "yn", required="block", reserved=False,
    ),
    Asked(
        "d_account/narrative_text",
        ("What the person tells", "Що розповідає людина", "Что рассказывает человек"),
        "ask", "narrative", appearance="multiline", required="answer",
    ),
    Asked(
        "h_event/ev/ev_type", ("What kind of event is it?", "Що це за подія?", "Что это за событие?"),
        "code", "narrative", "event", required="answer",
    ),
    Asked(
        "h_event/ev/ev_date", ("When did it happen?", "Коли це сталося?", "Когда это произошло?"),
        "ask", "narrative", appearance="edtf", required="answer",
    ),
    Asked(
        "t_identity/id_full_name", ("Name", "Ім’я", "Имя"), "ask", "identity", required="answer",
    ),
    Asked(
        "t_identity/id_phone", ("Telephone", "Телефон", "Телефон"), "ask", "identity", required="answer",
    ),
)  # fmt: skip


def xform() -> bytes:
    """The form as an XForm, as pyxform would write it."""
    return (
        f"{_HEAD}<h:title>Practice · Навчання · Обучение</h:title>"
        f'<model odk:xforms-version="1.0.0">{_itext()}{_instances()}{_binds()}</model></h:head>'
        f"<h:body>{_body()}</h:body></h:html>"
    ).encode()


def _itext() -> str:
    return "<itext>" + "".join(_translation(place, name) for place, name in enumerate(LANGUAGES)) + "</itext>"


def _translation(place: int, name: str) -> str:
    texts: dict[str, Words] = {f"/data/{REPEAT}:label": REPEAT_WORDS}
    for section, (words, prompt) in SECTIONS.items():
        texts[f"/data/{section}:label"] = words
        if prompt is not None:
            texts[f"/data/{section}:hint"] = prompt
    texts |= {f"/data/{asked.path}:label": asked.words for asked in QUESTIONS}
    for listed, choices in CHOICES.items():
        texts |= {f"{listed}-{number}": words for number, (_value, words) in enumerate(choices)}
    lines = "".join(f'<text id="{key}"><value>{escape(words[place])}</value></text>' for key, words in texts.items())
    chosen = ' default="true()"' if place == 0 else ""
    return f'<translation lang="{name}"{chosen}>{lines}</translation>'


def _instances() -> str:
    sections = ""
    for section in SECTIONS:
        inside = [asked.path.split("/")[1:] for asked in QUESTIONS if asked.path.startswith(f"{section}/")]
        plain = "".join(f"<{steps[0]}/>" for steps in inside if len(steps) == 1)
        entry = "".join(f"<{steps[1]}/>" for steps in inside if len(steps) == 2)
        repeat = f'<ev jr:template="">{entry}</ev>' if entry else ""
        sections += f"<{section}>{plain}{repeat}</{section}>"
    main = f'<instance><data id="{FORM_ID}" version="{VERSION}">{sections}<meta><instanceID/></meta></data></instance>'
    return main + "".join(_list(name, choices) for name, choices in CHOICES.items())


def _list(name: str, choices: tuple[tuple[str, Words], ...]) -> str:
    items = "".join(
        f"<item><itextId>{name}-{number}</itextId><name>{value}</name></item>"
        for number, (value, _words) in enumerate(choices)
    )
    return f'<instance id="{name}"><root>{items}</root></instance>'


def _binds() -> str:
    lines = "".join(
        f'<bind nodeset="/data/{asked.path}" type="string" svidok:compartment="{asked.compartment}"'
        f' svidok:mode="{asked.mode}" svidok:tier="C" svidok:required="{asked.required}"'
        f' svidok:reserved="{_YES[asked.reserved]}"/>'
        for asked in QUESTIONS
    )
    return lines + f'<bind nodeset="/data/{REPEAT}" svidok:start="0"/>'


def _body() -> str:
    return "".join(_group(section) for section in SECTIONS)


def _group(section: str) -> str:
    inside = "".join(_control(asked) for asked in QUESTIONS if asked.path.startswith(f"{section}/"))
    if REPEAT.startswith(f"{section}/"):
        inside = (
            f'<group ref="/data/{REPEAT}">{_label(REPEAT)}<repeat nodeset="/data/{REPEAT}">{inside}</repeat></group>'
        )
    return f'<group ref="/data/{section}">{_label(section)}{inside}</group>'


def _label(path: str) -> str:
    return f"<label ref=\"jr:itext('/data/{path}:label')\"/>"


def _control(asked: Asked) -> str:
    ref = f'ref="/data/{asked.path}"'
    if asked.choices:
        items = (
            f"<itemset nodeset=\"instance('{asked.choices}')/root/item\">"
            '<value ref="name"/><label ref="jr:itext(itextId)"/></itemset>'
        )
        return f"<select1 {ref}>{_label(asked.path)}{items}</select1>"
    look = f' appearance="{asked.appearance}"' if asked.appearance else ""
    return f"<input {ref}{look}>{_label(asked.path)}</input>"
