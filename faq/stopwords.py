"""Words that questions are built with and that separate no entry from another.

"off", "out", "without", "before", names and numbers are not here on purpose: they change what is asked.
Negations are here because `faq.terms.polarity` accounts for them.
"""

ENGLISH = """
a an and any anyone anybody am are as at be because been being both but by can could did do does
doing done for from get gets getting go goes going got had has have having he her here hers hi hello
hey him his how i if in into is it its itself just kind know let like made make makes may me mean
might mine must my myself need needs needed no not never now of on once one ones or other our ours
own please possible quite rather really same see shall she should show so some somehow
someone somebody something somewhere still such sure take tell than thank thanks that the their
theirs them then there these they thing things this those though to too try trying tried us use used
using very want wanted wants was way ways we were what when where which while who whom whose why will
wish with wonder wondering would yes yet you your yours actually already also again exactly explain
find give happen happens help hear keep keeps long look looking lot many much new ok okay able allow
allowed allows sorry unfortunately basically question questions currently set setting settings simply
quickly easily right best good
"""

GERMAN = """
der die das den dem des ein eine einen einem einer eines und oder aber ich du er sie es wir ihr mich
mir mein meine meinen meinem meiner dein deine sein seine unser unsere euer eure man kann konnen muss
mussen soll sollen will wollen mochte mochten darf durfen wird werden wurde hat habe haben hatte ist
sind war bin sich wie was wer wo wann warum wieso weshalb welche welcher welches zu zum zur im in am
an auf aus bei mit von vom fur nach uber unter durch gibt es bitte danke nicht kein keine keinen nur
auch noch schon dann wenn ob als so dass hier da hilfe leider hab mal gern gerne eigentlich jetzt heute
irgendwie einfach hallo guten tag bzw
"""

FUNCTION_WORDS = frozenset((ENGLISH + GERMAN).split())
