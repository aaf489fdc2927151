"""What to say, offer and keep at the gates of account, closing and handing on: G10 to G20, and codes of persons.

Ukrainian and Russian wait for a native reviewer; `schemas/forms/source/translations.csv` is the one place that says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from schemas.gates_texts import SLIP, Advice, Words

__all__ = ["AFTER"]

AFTER: Mapping[tuple[str, str], Advice] = {
    ("G10", "unexplained"): Advice(
        Words(
            "Who does not know how to take a consent back has not given it freely.",
            "Хто не знає, як відкликати згоду, той не дав її вільно.",
            "Кто не знает, как отозвать согласие, тот не дал его свободно.",
        ),
        Words(
            "Explain it, and say what cannot be recalled once it was handed over.",
            "Поясніть це і скажіть, чого після передання вже не повернути.",
            "Объясните это и скажите, чего после передачи уже не вернуть.",
        ),
        "draft",
    ),
    ("G11", "later"): Advice(
        Words(
            "Silence and delay are no consent.",
            "Мовчання й відкладання — не згода.",
            "Молчание и отсрочка — не согласие.",
        ),
        Words(
            "Time. The question comes again at the closing, and can be answered at any later meeting.",
            "Час. Запитання прозвучить знову наприкінці, і відповісти можна на будь-якій наступній зустрічі.",
            "Время. Вопрос прозвучит снова в конце, и ответить можно на любой следующей встрече.",
        ),
        "without",
    ),
    ("G12", "deployment"): Advice(
        Words(
            "What a person says about service under force can be turned against them in their own country.",
            "Сказане про службу з примусу можуть обернути проти людини в її власній країні.",
            "Сказанное о службе по принуждению могут обратить против человека в его собственной стране.",
        ),
        Words(
            "Tell the person that this section does not go along.",
            "Скажіть людині, що цей розділ не передають.",
            "Скажите человеку, что этот раздел не передают.",
        ),
        "without",
    ),
    ("G13", "no_account"): Advice(
        Words(
            "Questions asked first put words into the mouth; the account comes in the person’s own words.",
            "Запитання наперед підказують слова; розповідь має бути власними словами людини.",
            "Вопросы наперёд подсказывают слова; рассказ должен быть собственными словами человека.",
        ),
        Words(
            "All the time that is needed, and no interruption.",
            "Стільки часу, скільки треба, і жодних перебивань.",
            "Столько времени, сколько нужно, и никаких перебиваний.",
        ),
        "draft",
    ),
    ("G13", "reserved"): Advice(
        Words(
            "Coded answers without an account would be the documenter’s words.",
            "Кодовані відповіді без розповіді були б словами документатора.",
            "Кодируемые ответы без рассказа были бы словами документатора.",
        ),
        Words(
            "Nothing more has to be asked: items, identity and closing stay open.",
            "Більше нічого питати не треба: предмети, особисті дані й завершення відкриті.",
            "Больше ничего спрашивать не нужно: предметы, личные данные и завершение открыты.",
        ),
        "all",
    ),
    ("G14", "mentioned"): Advice(
        Words(
            "Details belong to one careful account before a specialist.",
            "Подробиці належать одній обережній розповіді у фахівця.",
            "Подробности принадлежат одному бережному рассказу у специалиста.",
        ),
        Words(
            "A pause; thank the person for their trust, and ask for nothing more about it.",
            "Перерву; подякуйте за довіру й більше про це не питайте.",
            "Перерыв; поблагодарите за доверие и больше об этом не спрашивайте.",
        ),
        "all",
        refers=True,
    ),
    ("G14", "offer"): Advice(
        Words(
            "Help of this kind is often not asked for, and early care matters.",
            "Про таку допомогу часто не просять, а рання допомога важлива.",
            "О такой помощи часто не просят, а ранняя помощь важна.",
        ),
        Words(
            "A specialist in sexual violence, with the person’s choice of whom and when.",
            "Фахівця із сексуального насильства; до кого й коли, обирає людина.",
            "Специалиста по сексуальному насилию; к кому и когда, выбирает человек.",
        ),
        "all",
        refers=True,
    ),
    ("G15", "not_reviewed"): Advice(
        Words(
            "A picture or paper can give away people who were never asked.",
            "Світлина чи папір можуть видати людей, яких ніхто не питав.",
            "Снимок или бумага могут выдать людей, которых никто не спрашивал.",
        ),
        Words(
            "Look at each item together, and note whom it shows.",
            "Перегляньте кожен предмет разом і зазначте, кого на ньому видно.",
            "Посмотрите каждый предмет вместе и отметьте, кого на нём видно.",
        ),
        "without",
    ),
    ("G16", "changed"): Advice(
        Words(
            "After telling, a person knows what they agree to; what they say now counts.",
            "Після розповіді людина знає, на що погоджується; важить сказане тепер.",
            "После рассказа человек знает, на что соглашается; имеет силу сказанное теперь.",
        ),
        Words(
            "Go through the permissions once more, one by one.",
            "Ще раз пройдіть дозволи, по одному.",
            "Ещё раз пройдите разрешения, по одному.",
        ),
        "all",
    ),
    ("G16", "withdrawn"): Advice(
        Words(
            "Consent can be taken back at any time, without a reason.",
            "Згоду можна відкликати будь-коли, без пояснень.",
            "Согласие можно отозвать в любое время, без объяснений.",
        ),
        SLIP,
        "mark",
        refers=True,
    ),
    ("G17", "named"): Advice(
        Words(
            "The account may be opened without the identity; a name in it would give people away.",
            "Розповідь можуть відкрити без особистих даних; ім’я в ній видало б людей.",
            "Рассказ могут открыть без личных данных; имя в нём выдало бы людей.",
        ),
        Words(
            "A placeholder in place of the name; the name itself stays in the identity section.",
            "Позначку замість імені; саме ім’я лишається в особистих даних.",
            "Обозначение вместо имени; само имя остаётся в личных данных.",
        ),
        "all",
    ),
    ("G18", "outside"): Advice(
        Words(
            "Official dates contradict one another, and people remember as they can.",
            "Офіційні дати суперечать одна одній, а люди пам’ятають, як можуть.",
            "Официальные даты противоречат друг другу, а люди помнят, как могут.",
        ),
        Words(
            "Nothing: do not ask again and do not correct the person.",
            "Нічого: не перепитуйте й не виправляйте людину.",
            "Ничего: не переспрашивайте и не поправляйте человека.",
        ),
        "all",
    ),
    ("G19", "locked"): Advice(
        Words(
            "Only an original that nobody changed can be trusted.",
            "Довіряти можна лише оригіналові, якого ніхто не змінював.",
            "Доверять можно только оригиналу, которого никто не менял.",
        ),
        Words(
            "A new interview with the correction, and in it the code of this record.",
            "Нове опитування з виправленням, а в ньому код цього запису.",
            "Новый опрос с исправлением, а в нём код этой записи.",
        ),
        "sealed",
    ),
    ("G20", "alone"): Advice(
        Words(
            "A published name cannot be taken back.",
            "Оприлюднене ім’я вже не повернути.",
            "Опубликованное имя уже не вернуть.",
        ),
        Words(
            "Publication without the name.",
            "Оприлюднення без імені.",
            "Публикацию без имени.",
        ),
        "without",
    ),
    ("G20", "again"): Advice(
        Words(
            "After telling, people often decide otherwise about their name.",
            "Після розповіді люди часто вирішують про своє ім’я інакше.",
            "После рассказа люди часто решают о своём имени иначе.",
        ),
        Words(
            "Ask once more at the closing; No is a good answer.",
            "Спитайте ще раз наприкінці; «Ні» — добра відповідь.",
            "Спросите ещё раз в конце; «Нет» — хороший ответ.",
        ),
        "without",
    ),
    ("codes", "dangling"): Advice(
        Words(
            "A code without a person leads a reviewer astray.",
            "Код без людини заводить того, хто перевіряє, в оману.",
            "Код без человека вводит проверяющего в заблуждение.",
        ),
        Words(
            "Nothing to the person: correct the code yourself.",
            "Людині нічого: виправте код самі.",
            "Человеку ничего: исправьте код сами.",
        ),
        "all",
    ),
}
