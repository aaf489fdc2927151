"""What to say, offer and keep at the gates that stand before the account: G1 to G9.

Ukrainian and Russian wait for a native reviewer; `schemas/forms/source/translations.csv` is the one place that says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from schemas.gates_texts import SLIP, Advice, Words

__all__ = ["BEFORE"]

_LATER = Words(
    "Another time or another place; ask how the person can be reached safely.",
    "Інший час або інше місце; спитайте, як безпечно зв’язатися з людиною.",
    "Другое время или другое место; спросите, как безопасно связаться с человеком.",
)

BEFORE: Mapping[tuple[str, str], Advice] = {
    ("G1", "overheard"): Advice(
        Words(
            "Whoever overhears can harm the person, and nobody speaks freely before strangers.",
            "Той, хто підслухав, може зашкодити людині, і при сторонніх ніхто не говорить вільно.",
            "Тот, кто подслушал, может навредить человеку, и при посторонних никто не говорит свободно.",
        ),
        _LATER,
        "setting",
    ),
    ("G1", "official"): Advice(
        Words(
            "In front of an official or guard no answer and no consent is free.",
            "При посадовці чи охоронцеві ні відповіді, ні згода не є вільними.",
            "При должностном лице или охраннике ни ответы, ни согласие не свободны.",
        ),
        _LATER,
        "setting",
    ),
    ("G2", "minor"): Advice(
        Words(
            "Children are heard by people trained for it, once, with somebody who protects them.",
            "Дітей вислуховують підготовлені люди, один раз, разом із тим, хто їх захищає.",
            "Детей выслушивают подготовленные люди, один раз, вместе с тем, кто их защищает.",
        ),
        Words(
            "Child protection, and a call together with an adult whom the child trusts.",
            "Службу захисту дітей і дзвінок разом із дорослим, якому дитина довіряє.",
            "Службу защиты детей и звонок вместе со взрослым, которому ребёнок доверяет.",
        ),
        "setting",
        refers=True,
    ),
    ("G3", "capacity"): Advice(
        Words(
            "Consent counts only when it is understood and free today.",
            "Згода має вагу, лише коли сьогодні вона зрозуміла й вільна.",
            "Согласие имеет силу, только когда сегодня оно понятно и свободно.",
        ),
        Words(
            "Rest, company, a doctor; another day, if the person wishes.",
            "Відпочинок, товариство, лікаря; інший день, якщо людина захоче.",
            "Отдых, общение, врача; другой день, если человек захочет.",
        ),
        "setting",
        refers=True,
    ),
    ("G3", "distress"): Advice(
        Words(
            "Telling now can hurt more than it helps.",
            "Розповідь зараз може зашкодити більше, ніж допомогти.",
            "Рассказ сейчас может навредить больше, чем помочь.",
        ),
        Words(
            "Your company, water, a pause; call a psychologist or a crisis line together.",
            "Вашу присутність, воду, перерву; разом зателефонуйте психологові чи на кризову лінію.",
            "Ваше присутствие, воду, перерыв; вместе позвоните психологу или на кризисную линию.",
        ),
        "setting",
        refers=True,
    ),
    ("G4", "custody"): Advice(
        Words(
            "A person under guard cannot refuse freely, and may be punished for speaking.",
            "Людина під вартою не може вільно відмовитися, і за розмову її можуть покарати.",
            "Человек под стражей не может свободно отказаться, и за разговор его могут наказать.",
        ),
        Words(
            "A lawyer, the ICRC, the monitoring mission; a word to the family, if the person wishes.",
            "Адвоката, МКЧХ, моніторингову місію; звістку родині, якщо людина бажає.",
            "Адвоката, МККК, мониторинговую миссию; весть семье, если человек желает.",
        ),
        "setting",
        refers=True,
    ),
    ("G5", "investigators"): Advice(
        Words(
            "A second account hurts the person again, and differences between two accounts are held against them.",
            "Друга розповідь знову ранить, а розбіжності між двома розповідями обертають проти людини.",
            "Второй рассказ ранит снова, а различия между двумя рассказами обращают против человека.",
        ),
        Words(
            "Only the gist and a referral. Say that nothing has to be told twice.",
            "Лише суть і скерування. Скажіть, що нічого не треба розповідати двічі.",
            "Только суть и направление. Скажите, что ничего не нужно рассказывать дважды.",
        ),
        "all",
        refers=True,
    ),
    ("G6", "high"): Advice(
        Words(
            "Whoever carries the risk should not be left to one documenter’s judgement.",
            "Ризик для людини не має залежати від судження одного документатора.",
            "Риск для человека не должен зависеть от суждения одного документатора.",
        ),
        Words(
            "A pause while you ask the supervisor; tell the person why.",
            "Перерву, поки Ви питаєте керівника; поясніть людині чому.",
            "Перерыв, пока Вы спрашиваете руководителя; объясните человеку почему.",
        ),
        "setting",
    ),
    ("G6", "unacceptable"): Advice(
        Words(
            "No record is worth the harm that this one could do.",
            "Жоден запис не вартий шкоди, яку міг би завдати цей.",
            "Никакая запись не стоит вреда, который могла бы принести эта.",
        ),
        Words(
            "Help that leaves no trace: a lawyer, a safe contact, a place to go.",
            "Допомогу, що не лишає слідів: адвоката, безпечний контакт, прихисток.",
            "Помощь, которая не оставляет следов: адвоката, безопасный контакт, убежище.",
        ),
        "nothing",
        refers=True,
    ),
    ("G7", "not_explained"): Advice(
        Words(
            "People who were made to serve have been prosecuted for it; the person must know before speaking.",
            "Тих, кого змусили служити, за це переслідували; людина має знати про це до розмови.",
            "Тех, кого заставили служить, за это преследовали; человек должен знать об этом до разговора.",
        ),
        Words(
            "Read the explanation aloud, and ask what was understood.",
            "Прочитайте пояснення вголос і спитайте, що людина зрозуміла.",
            "Прочитайте объяснение вслух и спросите, что человек понял.",
        ),
        "setting",
    ),
    ("G7", "explained_lawyer"): Advice(
        Words(
            "Advice first is the person’s right, and protects them better than haste.",
            "Спершу порадитися — право людини, і це захищає краще за поспіх.",
            "Сначала посоветоваться — право человека, и это защищает лучше спешки.",
        ),
        Words(
            "The address of a lawyer who knows such cases, and a day to meet again.",
            "Адресу адвоката, що знає такі справи, і день наступної зустрічі.",
            "Адрес адвоката, который знает такие дела, и день следующей встречи.",
        ),
        "setting",
        refers=True,
    ),
    ("G7", "explained_skip"): Advice(
        Words(
            "Nobody has to speak about what could be used against them.",
            "Ніхто не мусить говорити про те, що можна використати проти нього.",
            "Никто не обязан говорить о том, что можно использовать против него.",
        ),
        Words(
            "Say that these questions will not come, and go on with the others.",
            "Скажіть, що цих запитань не буде, і продовжуйте з іншими.",
            "Скажите, что этих вопросов не будет, и продолжайте с другими.",
        ),
        "all",
    ),
    ("G8", "refused"): Advice(
        Words(
            "Without a free Yes there is no interview.",
            "Без вільного «Так» опитування немає.",
            "Без свободного «Да» опроса нет.",
        ),
        SLIP,
        "nothing",
        refers=True,
    ),
    ("G9", "refused"): Advice(
        Words(
            "What is kept belongs to the person; without their Yes nothing of it stays.",
            "Збережене належить людині; без її «Так» нічого не лишається.",
            "Сохранённое принадлежит человеку; без его «Да» ничего не остаётся.",
        ),
        Words(
            "A referral, on paper if the person wants to take it along. If the answer was a slip, correct it.",
            "Скерування, на папері, якщо людина хоче взяти його із собою. Якщо відповідь помилкова, виправте її.",
            "Направление, на бумаге, если человек хочет взять его с собой. Если ответ ошибочный, исправьте его.",
        ),
        "until_end",
        refers=True,
    ),
}
