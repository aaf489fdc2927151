"""The page that lies beside the volumes on every stick, for whoever finds or carries it.

Rule: it says how to check the copy, and nothing about who made it, for whom, or when (docs/spec/protocol.md §9.4).
"""

from __future__ import annotations

from typing import Final

NAME: Final = "READ-ME.txt"

TEXT: Final = """\
The .vol files here are parts of a sealed bundle. Nobody who carries or stores them can open them.

- Do not rename, open or change them. Copy them as they are.
- To see whether they arrived whole, no key and no passphrase is needed:

      svidok courier check .

  Without that program:

      sha256sum -c SHA256SUMS

- Several parts may be damaged or lost without harm: the check says whether what is here is enough.
- Files that end in .ret are answers that travel back. Take them along as well.


Файли .vol тут — частини запечатаного пакета. Ніхто, хто їх переносить чи зберігає, не може їх відкрити.

- Не перейменовуйте, не відкривайте й не змінюйте їх. Копіюйте їх такими, як вони є.
- Щоб побачити, чи вони дійшли цілими, не потрібні ні ключ, ні пароль:

      svidok courier check .

  Без цієї програми:

      sha256sum -c SHA256SUMS

- Кілька частин можуть бути пошкоджені чи втрачені без шкоди: перевірка скаже, чи вистачає того, що тут є.
- Файли, що закінчуються на .ret, — відповіді, які їдуть назад. Беріть їх із собою також.
"""
