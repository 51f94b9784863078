"""The subject: `CEDULA//APELLIDOS Y NOMBRES//LINEA DE NEGOCIO` (training deck) → a claim, or its fault.

The text is cleaned of what mail programs, gateways and phones do to it, split into three fields, and
each field is read.  Whatever had to be guessed is a named repair with a policy in `rules/subject.toml`:
a repair that the book lets pass is noted in the claim, one marked `ask` makes a fault.  A fault says
which field is meant, what stood there and what belongs there, and keeps all that was understood.

A check digit never makes a fault: the case list is the judge.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from evidence_daemon.cases.identity import read_id
from evidence_daemon.model import (
    Claim,
    IdKind,
    IdNumber,
    Line,
    ReasonCode,
    Repair,
    Subject,
    SubjectFault,
    SubjectField,
)
from evidence_daemon.rulebook import Policy, SubjectBook, SubjectRepair

_EXPECTED = {
    SubjectField.ASUNTO: "tres datos separados por dos barras: CEDULA//APELLIDOS Y NOMBRES//LINEA DE NEGOCIO",
    SubjectField.CEDULA: "el número de cédula del titular, con sus 10 dígitos",
    SubjectField.NOMBRES: "los apellidos y nombres del titular",
    SubjectField.LINEA: "el servicio: INTERNET, TELEVISIÓN o TELEFONÍA FIJA",
}

_FAULT_OF = {
    SubjectRepair.LARGO_INUSUAL: (ReasonCode.CEDULA_INCOMPLETA, SubjectField.CEDULA),
    SubjectRepair.CERO_INICIAL: (ReasonCode.CEDULA_INCOMPLETA, SubjectField.CEDULA),
    SubjectRepair.COLA_DECIMAL: (ReasonCode.CEDULA_INCOMPLETA, SubjectField.CEDULA),
    SubjectRepair.LETRAS_POR_DIGITOS: (ReasonCode.CEDULA_INVALIDA, SubjectField.CEDULA),
    SubjectRepair.RUC: (ReasonCode.CEDULA_INCOMPLETA, SubjectField.CEDULA),
    SubjectRepair.NOMBRE_DE_UNA_PALABRA: (ReasonCode.ASUNTO_FORMATO, SubjectField.NOMBRES),
    SubjectRepair.DIGITOS_EN_NOMBRE: (ReasonCode.ASUNTO_FORMATO, SubjectField.NOMBRES),
    SubjectRepair.LINEA_CON_ERROR: (ReasonCode.LINEA_NO_RECONOCIDA, SubjectField.LINEA),
    SubjectRepair.LINEA_AUSENTE: (ReasonCode.ASUNTO_FORMATO, SubjectField.LINEA),
}
"""What a repair that may not be made is called; all others are faults of the whole subject's form."""

_LONGEST = 1000
"""Characters of a subject that are looked at: RFC 5322 2.1.1 allows 998 in a line."""
_SLASHES = str.maketrans(dict.fromkeys("⁄∕⧸╱／", "/") | {"\u2afd": "//"})
_QUOTES = "\"'`´“”„‘’«»‹›<>*"
_DIGITS_FOR_LETTERS = str.maketrans("013458", "OIEASB")
_RECEIPT = re.compile(r"\(?\[?(?:RECIBO )?\bEV-[0-9]{7,}-[0-9]\b\]?\)?", re.IGNORECASE)
_NUMBER_INSIDE = re.compile(r"(?<![0-9])(?:[0-9]{13}|[0-9]{10}|[0-9]{9}-[0-9])(?![0-9])")


def read_subject(subjects: tuple[str, ...], book: SubjectBook) -> Subject:
    """All Subject headers of a mail, decoded → what it claims, or what is wrong with it.

    There should be one; equal ones count as one, different ones are a fault.  Raises nothing.
    """
    texts = tuple(dict.fromkeys(text for text in (_tidy(text[:_LONGEST]) for text in subjects) if text))
    if len(texts) != 1:
        found = " | ".join(texts)
        return SubjectFault(
            found, ReasonCode.ASUNTO_FORMATO, SubjectField.ASUNTO, found, _EXPECTED[SubjectField.ASUNTO]
        )
    return _Reading(texts[0], book).subject()


def read_lines(text: str, book: SubjectBook) -> frozenset[Line]:
    """The lines of business that a text names; empty when it names none.  "FIJO" gives both it may mean."""
    return _LineReading(text, book).lines


def failed_examples(book: SubjectBook) -> list[str]:
    """The book's own examples that do not come out as they say: one sentence each, empty when all do."""
    failures = []
    for example in book.examples:
        subject = read_subject((example.subject,), book)
        number = subject.id_number.value if subject.id_number else ""
        wrong = [
            f"{what}: {got!r}, not {want!r}"
            for what, want, got in (
                ("gives", str(example.gives), "claim" if isinstance(subject, Claim) else str(subject.code)),
                ("id", example.id, number),
                ("name", example.name, subject.name),
                ("lines", sorted(example.lines), sorted(subject.lines)),
                ("repairs", sorted(example.repairs), sorted(repair.name for repair in subject.repairs)),
            )
            if want and want != got
        ]
        if wrong:
            failures.append(f"subject.toml: example {example.subject!r}: {'; '.join(wrong)}")
    return failures


def _tidy(text: str) -> str:
    """One line of text: NFKC, look-alike slashes as slashes, nothing invisible, single blanks."""
    text = unicodedata.normalize("NFKC", text.translate(_SLASHES)).translate(_SLASHES)
    kept = (c if unicodedata.category(c) not in ("Cc", "Zs", "Zl", "Zp") else " " for c in text)
    return " ".join("".join(c for c in kept if unicodedata.category(c) != "Cf").split())


def _fold(text: str) -> str:
    """Words in capitals without accents or signs, single blanks; "T.V." becomes "TV"."""
    decomposed = unicodedata.normalize("NFD", text.upper())
    plain = "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
    plain = re.sub(r"\b([A-Z])\.(?=[A-Z]\b)", r"\1", plain)
    return " ".join(re.sub(r"[^A-Z0-9]+", " ", plain).split())


@dataclass
class _Reading:
    """One subject on its way from text to claim."""

    text: str
    book: SubjectBook
    repairs: list[Repair] = field(default_factory=list)

    def subject(self) -> Subject:
        body = self._without_wrapping(self.text)
        if _fold(body) == _fold(self.book.form):
            return self._fault(ReasonCode.ASUNTO_EJEMPLO_COPIADO, SubjectField.ASUNTO, body)
        fields = self._fields(body)
        if fields is None:
            lone = read_id(body) or self._inner_number(body)
            return self._fault(ReasonCode.ASUNTO_FORMATO, SubjectField.ASUNTO, body, number=lone)
        first, second, third, further = fields
        number = self._number(first)
        name = self._name(second)
        line = self._line(third, further)

        def fault(code: ReasonCode, at: SubjectField) -> SubjectFault:
            found = {SubjectField.CEDULA: first, SubjectField.NOMBRES: second, SubjectField.LINEA: third}
            return self._fault(code, at, found.get(at, body), number=number, name=name, lines=line.lines)

        example = self.book.copied_example
        if number and number.value == example.id and _fold(name) == _fold(example.name):
            return fault(ReasonCode.ASUNTO_EJEMPLO_COPIADO, SubjectField.ASUNTO)
        if number is None:
            return fault(ReasonCode.ASUNTO_FORMATO, SubjectField.CEDULA)
        if not name:
            return fault(ReasonCode.ASUNTO_FORMATO, SubjectField.NOMBRES)
        if third and not line.lines:
            return fault(ReasonCode.LINEA_NO_RECONOCIDA, SubjectField.LINEA)
        for repair in self.repairs:
            if self.book.policy(repair.name) is Policy.ASK:
                whole = (ReasonCode.ASUNTO_FORMATO, SubjectField.ASUNTO)
                return fault(*_FAULT_OF.get(SubjectRepair(repair.name), whole))
        return Claim(
            text=self.text,
            id_number=number,
            name=name,
            lines=line.lines,
            ambiguous_line=line.ambiguous,
            service_number=line.service_number,
            repairs=tuple(self.repairs),
        )

    def _line(self, third: str, further: Sequence[str]) -> _LineReading:
        """What the third field says, and what stood in fields after it."""
        line = _LineReading(third, self.book)
        if not third:
            self._repair(SubjectRepair.LINEA_AUSENTE, "", "")
        if line.misspelt:
            self._repair(SubjectRepair.LINEA_CON_ERROR, *line.misspelt)
        if line.service_number:
            self._repair(SubjectRepair.NUMERO_DE_SERVICIO, third, line.service_number)
        if line.lines and line.leftover:
            self._repair(SubjectRepair.TEXTO_DE_MAS, third, " ".join(sorted(line.lines)))
        for extra in further:
            beside = _LineReading(extra, self.book)
            line.lines |= beside.lines
            line.service_number = line.service_number or beside.service_number
            if beside.service_number and not beside.leftover:
                self._repair(SubjectRepair.NUMERO_DE_SERVICIO, extra, beside.service_number)
            else:
                self._repair(SubjectRepair.CUARTO_CAMPO, extra, " ".join(sorted(beside.lines)))
        return line

    def _repair(self, name: SubjectRepair, before: str, after: str) -> None:
        repair = Repair(name.value, before, after)
        if repair not in self.repairs:
            self.repairs.append(repair)

    def _fault(
        self,
        code: ReasonCode,
        at: SubjectField,
        found: str,
        *,
        number: IdNumber | None = None,
        name: str = "",
        lines: frozenset[Line] = frozenset(),
    ) -> SubjectFault:
        expected = _EXPECTED[at]
        if at is SubjectField.CEDULA and number and number.kind is IdKind.TELEFONO:
            expected += " (lo escrito parece un teléfono)"
        return SubjectFault(self.text, code, at, found, expected, number, name, lines, tuple(self.repairs))

    def _without_wrapping(self, text: str) -> str:
        """The subject without reply marks, gateway tags, quotes and our own receipt number."""
        prefixes = "|".join(map(re.escape, self.book.prefixes))
        tags = "|".join(map(re.escape, self.book.tags))
        mark = re.compile(
            rf"(?:(?:{prefixes})\s?(?:\[[0-9]+\]|\([0-9]+\))?\s?:|\[[^\]/0-9]{{1,40}}\]|\{{[^}}/0-9]{{1,40}}\}}"
            rf"|\*+\s?(?:{tags})\s?\*+|(?:{tags})\s?:)\s*",
            re.IGNORECASE,
        )
        body = text
        while True:
            if found := mark.match(body):
                self._repair(SubjectRepair.PREFIJO, found[0].strip(), "")
                body = body[found.end() :]
            elif (quoted := body.strip(_QUOTES + " ")) != body:
                self._repair(SubjectRepair.COMILLAS, body, quoted)
                body = quoted
            else:
                break
        without = _RECEIPT.sub("", body).strip()
        if without != body:
            self._repair(SubjectRepair.PREFIJO, body, without)
        return without

    def _fields(self, body: str) -> tuple[str, str, str, Sequence[str]] | None:
        """The three fields in the right order and what came after them; None when no shape can be seen."""
        for name, fields in self._splits(body):
            ordered = self._ordered(fields, certain=name is None)
            if ordered is None:
                continue
            if name is not None:
                self._repair(name, body, "//".join(fields))
            if ordered[:3] != tuple(fields[:3]) and len(fields) >= 3:
                self._repair(SubjectRepair.OTRO_ORDEN, "//".join(fields), "//".join(ordered[:3]))
            return ordered[0], ordered[1], ordered[2], ordered[3:]
        return None

    def _splits(self, body: str) -> Iterable[tuple[SubjectRepair | None, list[str]]]:
        """Ways to cut the subject into fields, best first, each with the repair that it is."""
        double = re.compile(r"\s*/(?:\s*/)+\s*")
        runs = double.findall(body)
        fields: list[str] = []
        if runs:
            if len(runs) == 1 and runs[0].count("/") >= 4:
                # "1710034065////MOVIL": two separators with nothing between them.
                fields = double.sub("//", body).split("//")
                fields.insert(1, "")
            else:
                if any(run.count("/") > 2 for run in runs):
                    self._repair(SubjectRepair.BARRAS_DE_MAS, body, double.sub("//", body))
                fields = double.split(body)
            while len(fields) > 3 and not fields[-1]:
                fields.pop()
            if len(fields) >= 3:
                yield None, fields
        slashes = re.sub(r"\s*[\\/]+\s*", "/", body)
        if slashes.count("/") >= 2:
            name = SubjectRepair.OTRO_SEPARADOR if "\\" in body else SubjectRepair.BARRA_SIMPLE
            yield name, slashes.split("/", 2)
        for separator in self.book.separators:
            parts = [part.strip() for part in re.split(f"(?:{re.escape(separator)})+", body, maxsplit=2)]
            if len(parts) == 3 and all(parts):
                yield SubjectRepair.OTRO_SEPARADOR, parts
        if runs and len(fields) == 2:
            yield None, fields
        if words := self._by_words(body):
            yield SubjectRepair.SIN_SEPARADOR, words

    def _by_words(self, body: str) -> list[str] | None:
        """Number first, the longest line last, a name between: "1710034065 PEREZ LOPEZ ANA INTERNET FIJO"."""
        words = re.sub(r"\s*[/\\|;]+\s*|\s+-\s+", " ", body).split()
        start = next((n for n, word in enumerate(words[:4]) if _looks_like_id(read_id(word))), None)
        if start is None:
            return None
        for cut in range(max(start + 2, len(words) - 5), len(words)):
            line = _LineReading(" ".join(words[cut:]), self.book)
            if line.lines and not line.leftover and not line.misspelt and _fold(words[cut]) not in self.book.fillers:
                return [" ".join(words[: start + 1]), " ".join(words[start + 1 : cut]), " ".join(words[cut:])]
        return None

    def _ordered(self, fields: Sequence[str], *, certain: bool) -> tuple[str, ...] | None:
        """The fields as number, name, line, further ones; None when this cut makes no sense.

        A cut at `//` is certain: its fields stand as they are unless another order is plain to see.
        Any other cut must show a number and a line.
        """
        numbers = [n for n, text in enumerate(fields) if _looks_like_id(read_id(text) or self._inner_number(text))]
        readings = [_LineReading(text, self.book) for text in fields]
        lines = [n for n, reading in enumerate(readings) if reading.lines]
        pure = [n for n in lines if not readings[n].leftover and n not in numbers]
        if len(fields) == 2:
            if 0 in numbers and pure == [1]:
                return fields[0], "", fields[1]
            return (fields[0], fields[1], "") if certain else None
        if (0 in numbers and 2 in lines) or (certain and (pure != [1] if 0 in numbers else not numbers)):
            return tuple(fields)
        names = [n for n in range(len(fields)) if n not in (*numbers, *pure)]
        if len(numbers) == len(pure) == len(names) == 1:
            return fields[numbers[0]], fields[names[0]], fields[pure[0]]
        return tuple(fields) if certain else None

    def _inner_number(self, text: str) -> IdNumber | None:
        """The one number inside a longer text ("ACTA 1710034065"); two are no number."""
        inside = set(_NUMBER_INSIDE.findall(text))
        return read_id(inside.pop()) if len(inside) == 1 else None

    def _number(self, text: str) -> IdNumber | None:
        number = read_id(text)
        if number is None:
            number = self._inner_number(text)
            if number is None:
                return None
            self._repair(SubjectRepair.TEXTO_DE_MAS, text, number.value)
        for repair in number.repairs:
            self._repair(SubjectRepair(repair.name), repair.before, repair.after)
        allowed = tuple(
            (form, repair) for form, repair in number.alternatives if self.book.policy(repair.name) is not Policy.ASK
        )
        number = replace(number, alternatives=allowed)
        if number.kind is IdKind.RUC:
            self._repair(SubjectRepair.RUC, text, number.value)
        if number.value.isdecimal() and len(number.value) in (10, 13):
            return number
        if number.kind is IdKind.PASAPORTE:
            return number
        wanted = {IdKind.CEDULA: SubjectRepair.CERO_INICIAL, IdKind.RUC: SubjectRepair.CERO_INICIAL}
        unusual = wanted.get(number.kind, SubjectRepair.LARGO_INUSUAL)
        if not number.value.isdecimal():
            unusual = SubjectRepair.LETRAS_POR_DIGITOS
        self._repair(unusual, text, allowed[0][0] if allowed else number.value)
        return number

    def _name(self, text: str) -> str:
        """A name in capitals, accents kept; empty when the field holds none."""
        name = " ".join(text.upper().strip(_QUOTES + " .,;:-_").split())
        labelled = re.sub(r"^(?:APELLIDOS? Y NOMBRES?|NOMBRES? Y APELLIDOS?|NOMBRES?|TITULAR|CLIENTE)\s*:\s*", "", name)
        if labelled != name:
            self._repair(SubjectRepair.ETIQUETA, name, labelled)
            name = labelled
        if _fold(name) in ("APELLIDOS Y NOMBRES", "NOMBRES Y APELLIDOS", "APELLIDOS", "NOMBRES", "NOMBRE"):
            return ""
        if re.search(r"[0-9]", name):
            letters = " ".join(re.sub(r"(?<![^\W\d_])[0-9][0-9.\-]*(?![^\W\d_])", " ", name).split())
            letters = letters.translate(_DIGITS_FOR_LETTERS)
            self._repair(SubjectRepair.DIGITOS_EN_NOMBRE, name, letters)
            name = letters
        if not re.search(r"[^\W\d_]{2}", name):
            return ""
        if len(name.split()) == 1:
            self._repair(SubjectRepair.NOMBRE_DE_UNA_PALABRA, name, name)
        return name


def _looks_like_id(number: IdNumber | None) -> bool:
    """Good enough to tell the number's field from the others: not a passport, nine digits or more."""
    if number is None:
        return False
    return number.kind is not IdKind.PASAPORTE and len(number.value) >= 9


class _LineReading:
    """The lines of business in a text, by the longest aliases; what else stood there."""

    def __init__(self, text: str, book: SubjectBook) -> None:
        self.lines: frozenset[Line] = frozenset()
        self.ambiguous = False
        self.service_number = ""
        self.leftover: list[str] = []
        self.misspelt: tuple[str, str] | None = None
        by_alias: dict[str, Line | None] = dict.fromkeys(book.ambiguous)
        by_alias |= {alias: line for line, aliases in book.lines.items() for alias in aliases}
        longest = max((alias.count(" ") for alias in by_alias), default=0) + 1
        words = self._without_service_number(text)
        lines: set[Line] = set()
        fixed = False
        at = 0
        while at < len(words):
            for size in range(min(longest, len(words) - at), 0, -1):
                alias = " ".join(words[at : at + size])
                if alias in by_alias:
                    line = by_alias[alias]
                    if line is None:
                        fixed = True
                    else:
                        lines.add(line)
                    at += size
                    break
            else:
                word = words[at]
                meant = self._near(word, by_alias)
                if meant:
                    lines.add(meant)
                    self.misspelt = (word, meant.value)
                elif word not in book.fillers:
                    self.leftover.append(word)
                at += 1
        if fixed and Line.TELEFONIA_FIJA not in lines:
            # "INTERNET Y FIJO" means the telephone; "FIJO" alone may mean either.
            self.ambiguous = Line.INTERNET_FIJO not in lines
            lines |= {Line.INTERNET_FIJO, Line.TELEFONIA_FIJA}
        self.lines = frozenset(lines)

    def _without_service_number(self, text: str) -> list[str]:
        """The folded words; a number among them is the service's ("INTERNET 022345678")."""
        words = []
        for raw in re.split(r"[\s,;()]+", text.upper()):
            if re.fullmatch(r"(?=(?:[^0-9]*[0-9]){4})[0-9A-Z][0-9A-Z\-]{3,19}\.?", raw):
                self.service_number = self.service_number or raw.rstrip(".")
            else:
                words.append(raw)
        return _fold(" ".join(words)).split()

    @staticmethod
    def _near(word: str, by_alias: Mapping[str, Line | None]) -> Line | None:
        """The one line that has an alias of seven letters or more a single slip away from a word."""
        if len(word) < 6:
            return None
        near = {line for alias, line in by_alias.items() if len(alias) >= 7 and _one_slip(word, alias)}
        return near.pop() if len(near) == 1 else None


def _one_slip(a: str, b: str) -> bool:
    """One letter wrong, missing, too many, or two neighbours exchanged (Damerau-Levenshtein 1)."""
    if abs(len(a) - len(b)) > 1 or a == b:
        return a == b
    start = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest_a, rest_b = a[start:], b[start:]
    swapped = rest_a[:2] == rest_b[1::-1] and rest_a[2:] == rest_b[2:]
    return rest_a[1:] == rest_b[1:] or rest_a[1:] == rest_b or rest_a == rest_b[1:] or swapped
