"""Words of programming, and of asking for a program, in the four languages of the page.

Words are folded, so that French has `l'API` as one word. Stems are the beginnings of words: verbs of German,
French and Spanish have too many endings to list. A stem has at least four letters (`KEY_CHARS`).
"""

from routing.lexicon.text import KEY_CHARS, Reading, word_set


class Stems:
    """Beginnings of words, and whole words too short or too alike for one."""

    def __init__(self, stems: str, words: str = "") -> None:
        self._stems = tuple(stems.split())
        self._keys = frozenset(stem[:KEY_CHARS] for stem in self._stems)
        self._words = word_set(words)

    def found(self, reading: Reading, words: frozenset[str]) -> bool:
        """Return whether the message has one; `words` are its words."""
        if not self._words.isdisjoint(words):
            return True
        if self._keys.isdisjoint(reading.keys):
            return False
        return any(word.startswith(self._stems) for word in words)


# Nobody names these for anything but a program.
LANGUAGE = word_set(
    "python python3 php javascript js typescript ts node.js nodejs node ruby rails java kotlin csharp c# "
    "c++ golang laravel django flask fastapi react vue angular svelte jquery sql bash powershell regex "
    "regexp graphql .net dotnet vba symfony axios guzzle httpx postman jwt spring express.js next.js deno "
    "terraform dockerfile snippet snippets schnipsel codeschnipsel codebeispiel codebeispiele beispielcode "
    "quellcode quelltext cronjob unittest unittests"
)
# Also said by people who only place a piece of it, or export their data.
MARKUP = word_set("css html curl json xml yaml async cors cron")
PROGRAM = word_set(
    "code script scripts function functions handler middleware parser wrapper boilerplate backend regex "
    "dockerfile repo codebase decorator sdk library oneliner skript skripte funktion fonction funcion codigo "
    "makro makros macro macros"
)
# A script or macro in a sentence that asks in one of these languages is no text to be read out.
FOREIGN_PROGRAM = word_set("script scripts skript skripte macro macros makro makros")
# A class may be taught, a query be about a bill, a program be for loyal customers: never enough by itself.
MAYBE = Stems(
    "programm abfrage befehl schleife methode klasse requete boucle classe greffon "
    "programa consulta comando bucle metodo clase complemento plugin",
    "program programs loop method query queries command plugin bot",
)
PIECE = Stems(
    "vorlage modele plantilla fragment trozo extrait lextrait ressembl aussehen syntax sintaxis equivalen",
    "example examples sample samples template version beispiel exemple exemples ejemplo ejemplos bout sieht",
)
THING = word_set(
    "api apis webhook webhooks endpoint endpoints payload header headers request requests response "
    "responses hmac signature token tokens pagination backoff body schema hash integration client polling "
    "parse deserialise callback sdk lapi dapi schnittstelle endpunkt aufruf signatur appel "
    "lappel llamada peticion peticiones"
)
MAKE = word_set(
    "write generate implement program develop create build make sketch scaffold prototype draft produce "
    "design"
)
ASK = word_set(
    "give show provide share send post need want how convert rewrite translate port turn help looking supply"
)
MAKE_STEMS = Stems(
    "schreib programmier erstell generier implementier entwickl "
    "ecri mecri decri redig programm developp coder codez creez creer "
    "escrib redact program codific desarroll crear",
    "cree creen crea creame baue baut bauen genera genere generen generez generer generar implementar "
    "implemente implementen implementez implementer implementa",
)
ASK_STEMS = Stems(
    "zeig gebt geben schick sende senden brauch benotig suche mochte hatte wunsch liefer habt gibt wandle "
    "umwandel konvertier ubersetz portier "
    "donn montr envoy menvoy denvoy fourn besoin cherch voudr aimer jaimer faudr souhait aurie avez "
    "quel quelle "
    "convert tradui transform aide aidez maider "
    "dame darme muestr muestren envie envia mande pase pasa proporcion necesit busco buscamos "
    "quier quisier gustaria tiene tienen ocupo como cual conviert traduc ayud",
    "gib comment wie welchen welcher faut dar den dan falta",
)
REPAIR = Stems(
    "debug refactor refaktor korrigier reparier optimier uberpruf prufen erklar beheb "
    "corrig repar debog optimis relire relis expliqu mexpliqu "
    "corrij correg arregl depur optimiz revis expliq",
    "fix fixen verifier verifiez verifie",
)
TROUBLE = Stems(
    "fehler stimmt falsch kaputt funktionier plante erreur cloche marche fonctionn falla fallo funciona",
    "fails failing failed error errors throws returns crashes crash breaks broken mismatch exception bug "
    "undefined null nothing stopped wrong 400 401 403 404 405 409 422 429 500 502 503 mal",
)
# Verbs that are said of programs alone.
REWORK = Stems("refactor refaktor debug debog depur")
