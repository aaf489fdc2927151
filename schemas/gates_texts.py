"""What the gates say, in the three languages of the shipped form.

Ukrainian and Russian wait for a native reviewer; `schemas/forms/source/translations.csv` is the one place that says
so. `{word}` is filled in by the gate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["KEPT", "SLIP", "TEXTS", "Advice", "Kept", "Words"]


@dataclass(frozen=True, slots=True)
class Words:
    """One sentence in every language."""

    en: str
    uk: str
    ru: str

    def say(self, language: str, filled: Mapping[str, str] | None = None) -> str:
        """The sentence in a language, by its code ("ru") or full name ("Russian (ru)"); English for any other."""
        code = language.rpartition("(")[2].rstrip(")").strip().lower()
        text = {"uk": self.uk, "ru": self.ru}.get(code, self.en)
        for name, value in (filled or {}).items():
            text = text.replace(f"{{{name}}}", value)
        return text


Kept: TypeAlias = Literal["nothing", "until_end", "mark", "setting", "draft", "all", "without", "sealed"]
"""What stays of an interview under a gate; KEPT has the words."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Why the gate is there, what to offer now, and what is kept. `refers`: the mission's list of helpers fits here."""

    why: Words
    offer: Words
    kept: Kept
    refers: bool = False


SLIP = Words(
    "Thank the person; they owe no reason. If the answer was a slip, correct it.",
    "Подякуйте людині; пояснювати вона нічого не мусить. Якщо відповідь помилкова, виправте її.",
    "Поблагодарите человека; объяснять он ничего не обязан. Если ответ ошибочный, исправьте его.",
)
"""What to do when a person says No to the whole."""

KEPT: Mapping[Kept, Words] = {
    "nothing": Words(
        "Nothing is kept: the interview is erased when you leave it.",
        "Нічого не зберігається: опитування буде стерто, коли Ви з нього вийдете.",
        "Ничего не сохраняется: опрос будет стёрт, когда Вы из него выйдете.",
    ),
    "until_end": Words(
        "Until you leave the interview its answers stay in this draft, encrypted; then everything is erased.",
        "Поки Ви не вийшли з опитування, відповіді лишаються в зашифрованій чернетці; потім усе буде стерто.",
        "Пока Вы не вышли из опроса, ответы остаются в зашифрованном черновике; потом всё будет стёрто.",
    ),
    "mark": Words(
        "Of the record only a mark without content stays: its code, and that it was withdrawn.",
        "Від запису лишається тільки позначка без змісту: код і те, що його відкликано.",
        "От записи остаётся только отметка без содержания: код и то, что она отозвана.",
    ),
    "setting": Words(
        "What was entered so far stays, encrypted in this draft. While this holds, nothing can be sealed.",
        "Внесене досі лишається в зашифрованій чернетці. Доки це так, запечатати нічого не можна.",
        "Внесённое до сих пор остаётся в зашифрованном черновике. Пока это так, запечатать ничего нельзя.",
    ),
    "draft": Words(
        "What was answered stays, encrypted in this draft; it cannot be sealed yet.",
        "Відповіді лишаються в зашифрованій чернетці; запечатати її поки не можна.",
        "Ответы остаются в зашифрованном черновике; запечатать его пока нельзя.",
    ),
    "all": Words(
        "Everything that was answered is kept.",
        "Усе, на що відповіли, зберігається.",
        "Всё, на что ответили, сохраняется.",
    ),
    "without": Words(
        "The record is kept; only this is left out of what is handed on.",
        "Запис зберігається; тільки цього не передають далі.",
        "Запись сохраняется; только это не передают дальше.",
    ),
    "sealed": Words(
        "The sealed record stays as it is.",
        "Запечатаний запис лишається без змін.",
        "Запечатанная запись остаётся без изменений.",
    ),
}
"""What is kept, by what a gate does."""

TEXTS: Mapping[tuple[str, str], Words] = {
    ("G1", "overheard"): Words(
        "Stop: others can see or hear you. Offer another time or place.",
        "Зупиніться: вас бачать або чують сторонні. Запропонуйте інший час чи місце.",
        "Остановитесь: вас видят или слышат посторонние. Предложите другое время или место.",
    ),
    ("G1", "official"): Words(
        "Stop: an official or guard is present. Offer another time or place.",
        "Зупиніться: присутній посадовець чи охоронець. Запропонуйте інший час чи місце.",
        "Остановитесь: присутствует должностное лицо или охранник. Предложите другое время или место.",
    ),
    ("G2", "minor"): Words(
        "Stop: the person is not known to be an adult. Take no account; refer to child protection.",
        "Зупиніться: не з’ясовано, що особа повнолітня. Розповідь не записуйте; скеруйте до захисту дитини.",
        "Остановитесь: не выяснено, что человек совершеннолетний. Рассказ не записывайте; направьте в защиту детей.",
    ),
    ("G3", "capacity"): Words(
        "Postpone: the person cannot understand and decide freely today. Offer a referral.",
        "Відкладіть: особа сьогодні не може розуміти й вирішувати вільно. Запропонуйте скерування.",
        "Отложите: человек сегодня не может понимать и решать свободно. Предложите направление к специалисту.",
    ),
    ("G3", "distress"): Words(
        "Postpone: the person is in acute distress. Stay with them and call for help; offer a referral.",
        "Відкладіть: особа в гострому стані. Лишайтеся поруч і покличте допомогу; запропонуйте скерування.",
        "Отложите: человек в остром состоянии. Будьте рядом и позовите помощь; предложите направление к специалисту.",
    ),
    ("G4", "custody"): Words(
        "Stop: the person is in custody. Refer to a lawyer, the ICRC or the monitoring mission.",
        "Зупиніться: особа під вартою. Скеруйте до адвоката, МКЧХ або моніторингової місії.",
        "Остановитесь: человек под стражей. Направьте к адвокату, в МККК или мониторинговую миссию.",
    ),
    ("G5", "investigators"): Words(
        "Investigators have this account or will take it: only a screening is open. More needs a written reason and "
        "the code of a second person.",
        "Цю розповідь уже мають або візьмуть слідчі: відкрита лише попередня бесіда. Для більшого потрібні письмове "
        "обґрунтування і код другої особи.",
        "Этот рассказ уже есть у следователей или они его возьмут: открыта только предварительная беседа. Для большего "
        "нужны письменное обоснование и код второго человека.",
    ),
    ("G6", "high"): Words(
        "The risk is high: go on only when a supervisor agrees, with the supervisor’s code.",
        "Ризик високий: продовжуйте лише за згодою керівника, з його кодом.",
        "Риск высокий: продолжайте только с согласия руководителя, с его кодом.",
    ),
    ("G6", "unacceptable"): Words(
        "The risk is unacceptable: nothing of this is kept. Withdraw the interview.",
        "Ризик неприйнятний: нічого з цього не зберігають. Видаліть опитування.",
        "Риск неприемлем: ничего из этого не сохраняют. Удалите опрос.",
    ),
    ("G7", "not_explained"): Words(
        "Explain the legal risk of speaking about one’s own service before you go on.",
        "Перш ніж продовжити, поясніть правовий ризик розповіді про власну службу.",
        "Прежде чем продолжить, объясните правовой риск рассказа о собственной службе.",
    ),
    ("G7", "explained_lawyer"): Words(
        "Postpone: the person wants to speak with a lawyer first.",
        "Відкладіть: особа спершу хоче порадитися з адвокатом.",
        "Отложите: человек сначала хочет посоветоваться с адвокатом.",
    ),
    ("G7", "explained_skip"): Words(
        "The person leaves out their own service: the section on deployment and the question on money are not asked.",
        "Про власну службу особа не говорить: розділ про відправлення на позиції і запитання про гроші не ставлять.",
        "О собственной службе человек не говорит: раздел об отправке на позиции и вопрос о деньгах не задают.",
    ),
    ("G8", "refused"): Words(
        "The person does not agree to talk: end here. Nothing is kept. Withdraw the interview.",
        "Особа не згодна розмовляти: завершіть. Нічого не зберігають. Видаліть опитування.",
        "Человек не согласен разговаривать: завершите. Ничего не сохраняют. Удалите опрос.",
    ),
    ("G9", "refused"): Words(
        "The person does not agree that the record is kept: it is erased at the end. A referral may still be made.",
        "Особа не згодна на зберігання: запис буде стерто наприкінці. Скерування все одно можливе.",
        "Человек не согласен на хранение: запись будет стёрта в конце. Направление к специалисту всё равно возможно.",
    ),
    ("G10", "unexplained"): Words(
        "Explain how consent is changed or withdrawn: until then all sections after it are closed.",
        "Поясніть, як змінити чи відкликати згоду: доти всі наступні розділи закриті.",
        "Объясните, как изменить или отозвать согласие: до этого все следующие разделы закрыты.",
    ),
    ("G11", "later"): Words(
        "To be decided later counts as No: nothing goes to these recipients.",
        "«Вирішу пізніше» діє як «Ні»: цим одержувачам нічого не передають.",
        "«Решу позже» действует как «Нет»: этим получателям ничего не передают.",
    ),
    ("G12", "deployment"): Words(
        "The section on deployment stays out of what national authorities receive.",
        "Розділ про відправлення на позиції не передають національним органам.",
        "Раздел об отправке на позиции не передают национальным органам.",
    ),
    ("G13", "no_account"): Words(
        "The free account comes first: the coded sections open when it is written down.",
        "Спершу вільна розповідь: кодовані розділи відкриються, коли її записано.",
        "Сначала свободный рассказ: кодируемые разделы откроются, когда он записан.",
    ),
    ("G13", "reserved"): Words(
        "There is no free account: the coded sections stay closed, and that is all right.",
        "Вільної розповіді немає: кодовані розділи лишаються закритими, і це нормально.",
        "Свободного рассказа нет: кодируемые разделы остаются закрытыми, и это нормально.",
    ),
    ("G14", "mentioned"): Words(
        "Sexual violence was mentioned: ask for no details.",
        "Згадано сексуальне насильство: про подробиці не питайте.",
        "Упомянуто сексуальное насилие: о подробностях не спрашивайте.",
    ),
    ("G14", "offer"): Words(
        "Offer a specialist in sexual violence, and note the offer among the referrals, also when it is declined.",
        "Запропонуйте фахівця із сексуального насильства й позначте це серед скерувань, навіть якщо особа відмовилася.",
        "Предложите специалиста по сексуальному насилию и отметьте это среди направлений, даже если человек отказался.",
    ),
    ("G15", "not_reviewed"): Words(
        "{count} items were not reviewed for whom they could identify: they are left out of every export.",
        "Предмети, не перевірені на те, кого можуть ідентифікувати: {count}. Їх не передають нікому.",
        "Предметы, не проверенные на то, кого могут выдать: {count}. Их не передают никому.",
    ),
    ("G16", "changed"): Words(
        "The permissions changed after the account: open the section on consent and change the answers there.",
        "Після розповіді дозволи змінилися: відкрийте розділ про згоду і змініть відповіді там.",
        "После рассказа разрешения изменились: откройте раздел о согласии и измените ответы там.",
    ),
    ("G16", "withdrawn"): Words(
        "Consent is withdrawn: the record is deleted, only a mark without content stays. Withdraw the interview.",
        "Згоду відкликано: запис видаляють, лишається тільки позначка без змісту. Видаліть опитування.",
        "Согласие отозвано: запись удаляют, остаётся только отметка без содержания. Удалите опрос.",
    ),
    ("G17", "named"): Words(
        "Words of the identity section stand in other answers ({count}). Write {placeholders} instead?",
        "Слова з особистих даних трапляються в інших відповідях ({count}). Написати натомість {placeholders}?",
        "Слова из личных данных встречаются в других ответах ({count}). Написать вместо них {placeholders}?",
    ),
    ("G18", "outside"): Words(
        "Note for the reviewer: the date lies outside the campaign that was named. This is no error.",
        "Нотатка для того, хто перевіряє: дата поза названою кампанією. Це не помилка.",
        "Заметка для проверяющего: дата вне названной кампании. Это не ошибка.",
    ),
    ("G19", "locked"): Words(
        "This record is sealed: a correction is a new record that refers to its code.",
        "Цей запис запечатано: виправлення — це новий запис, що посилається на його код.",
        "Эта запись запечатана: исправление — это новая запись со ссылкой на её код.",
    ),
    ("G20", "alone"): Words(
        "Publication with the name also needs a Yes to publication as such: until then the name stays out.",
        "Для оприлюднення з ім’ям потрібна і згода на оприлюднення взагалі: доти імені не буде.",
        "Для публикации с именем нужно и согласие на публикацию вообще: до этого имени не будет.",
    ),
    ("G20", "again"): Words(
        "Publication with the name needs a second Yes at the closing: until then the name stays out.",
        "Для оприлюднення з ім’ям потрібне друге «Так» наприкінці: доти імені не буде.",
        "Для публикации с именем нужно второе «Да» в конце: до этого имени не будет.",
    ),
    ("codes", "dangling"): Words(
        "No person here bears the code {codes}. Codes of removed persons are not given again: correct the reference.",
        "Тут немає особи з кодом {codes}. Коди вилучених осіб більше не надають: виправте посилання.",
        "Здесь нет лица с кодом {codes}. Коды убранных лиц больше не выдают: исправьте ссылку.",
    ),
}
