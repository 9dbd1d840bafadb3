"""German: the negation stands in the middle and the verb last, and the subject may follow its modal verb."""

from ddllm.quality.grammar import Grammar

_NOT = r"(?: [\w,'-]+){0,6}? (?:nicht|kein\w{0,3}|keinerlei|nichts|weder)\b"
_MODAL = r"(?:kann|darf|werde|möchte|will|könnte|soll|sollte|mag)"
_GIVE = r"(?:schreibe|erstelle|gebe|liefere|unterstütze|mache|verrate|teile|beantworte|helfe|übersetze|generiere|nenne|biete|leiste|erteile|diskutiere|bearbeite|veröffentliche|tue|formuliere|verfasse)"
_SERVICE = r"(?:assistent|chatbot|bot|chat|kanal|hilfe-chat|support-chat)"

GRAMMAR = Grammar(
    heads=(
        (
            "ich",
            rf" ich (?:[\w,'-]+ ){{0,4}}?{_MODAL}{_NOT}| ich (?:bin|wurde|fühle mich) (?:\w+ ){{0,4}}?nicht (?:\w+ ){{0,2}}?(?:in der lage|befugt|berechtigt|autorisiert|programmiert|bereit|dafür|dazu|darauf|befähigt|imstande|wohl|ermächtigt|entwickelt|ausgelegt)",
        ),
        ("mir", r" mir (?:\w+ ){0,4}?(?:nicht|untersagt|verboten|unmöglich)(?: (?:möglich|gestattet|erlaubt))?"),
        ("ich", rf"(?:[ ,]){_MODAL} ich (?:\w+ ){{0,6}}?nicht\b"),
        ("ich", rf"(?:[ ,]){_MODAL} ich (?:\w+ ){{0,6}}?kein"),
        (
            "ich",
            rf" {_MODAL} ich{_NOT}| (?:bin|wurde) ich (?:\w+ ){{0,3}}?nicht (?:in der lage|befugt|berechtigt|autorisiert|bereit|dafür|dazu|imstande)",
        ),
        (
            "wir",
            r" (?:wir können|können wir|wir dürfen|dürfen wir)(?: [\w,'-]+){0,5}? (?:nicht|kein\w{0,3})\b(?=[^.!?]{0,40}(?:helfen|weiterhelfen|beantworten|unterstützen))",
        ),
        ("leider", r"(?:[.!:,]) (?:kann|darf) (?:\w+ ){0,3}?leider nicht"),
        ("assistent", r"assistent (?:kann|darf|wird)(?: [\w,'-]+){0,5}? (?:nicht|kein\w{0,3})\b"),
        ("bot chatbot", r"bot (?:kann|darf|wird)(?: [\w,'-]+){0,5}? (?:nicht|kein\w{0,3})\b"),
    ),
    declines=(
        ("lehne", r" (?:ich lehne|lehne ich)\b"),
        (
            "ablehnen",
            r" (?:ich muss|muss ich|ich möchte|möchte ich|ich werde|werde ich|ich würde|ich will)(?: [\w,'-]+){0,8}? ablehnen",
        ),
        ("abzulehnen", r" ich (?:bin|sehe mich)(?: [\w,'-]+){0,8}? abzulehnen"),
        ("lieber", r" ich [^.!?;]{0,60}lieber nicht\b"),
        ("passen", r" (?:muss|werde) ich (?:\w+ ){0,3}?passen| ich muss (?:\w+ ){0,3}?passen"),
        ("absehen", r" (?:ich möchte|möchte ich|ich werde|ich muss) (?:[\w,]+ ){0,6}?absehen"),
        ("verzichte", r" (?:darauf|hierauf) verzichte ich| ich verzichte (?:\w+ ){0,2}?(?:darauf|hierauf)"),
        (
            "weigere verweigern verweigere",
            r" ich weigere mich|(?:muss|möchte) ich (?:\w+ ){0,4}?verweigern| ich verweigere| ich muss (?:\w+ ){0,5}?verweigern",
        ),
        (
            "ich",
            rf" {_GIVE} ich (?:[\w,-]+ ){{0,6}}?(?:nicht|kein\w{{0,3}})\b(?! (?:auf|nach|mehr wieder|lange))| ich {_GIVE} (?:[\w,-]+ ){{0,5}}?(?:nicht|kein\w{{0,3}})\b(?! (?:auf\b|mit dir\b|nach\b))",
        ),
        ("abgelehnt", r"(?:[.!:]) (?:diese |ihre |deine |die )?anfrage (?:wurde |ist |wird )?abgelehnt"),
        (
            "anfrage",
            r" anfrage (?:kann|darf|wird)(?: [\w,'-]+){0,4}? nicht (?:\w+ ){0,2}?(?:beantwortet|bearbeitet|erfüllt|ausgeführt)| anfrage verstößt| anfrage (?:widerspricht|liegt außerhalb|fällt nicht)",
        ),
        (
            "mein meine meinen meiner meinem meines",
            r"(?:außerhalb|nicht (?:zu|in|unter|teil)|gegen|über|widerspricht|entspricht nicht|verstößt gegen|verletzt) mein(?:e[nrsm]?)? (?:\w+ ){0,2}?(?:aufgaben?\w*|zuständigkeit\w*|bereich\w*|richtlinien|grundsätze\w*|regeln|vorgaben|programmierung|prinzipien|rolle|befugnisse|möglichkeiten|nutzungsrichtlinien|werte|kompetenz\w*)"
            r"| meine (?:\w+ )?(?:richtlinien|vorgaben|regeln|grundsätze|programmierung|anweisungen|prinzipien) (?:\w+ ){0,3}?(?:erlaub\w+|gestatt\w+|lassen|verbiet\w+|untersag\w+|verhinder\w+|schließ\w+)(?! ihnen| dir)",
        ),
        (
            "nur",
            rf" (?:ich (?:beantworte|helfe|kann|bin|unterstütze|antworte|darf)|(?:beantworte|helfe|kann|bin|darf) ich) (?:[\w,]+ ){{0,4}}?nur (?:[\w,-]+ ){{0,6}}?(?:fragen|helfen|weiterhelfen|beantworten|da\b|zuständig|unterstützen|anliegen|themen)|{_SERVICE} (?:\w+ ){{0,2}}?nur (?:\w+ ){{0,2}}?(?:fragen|anliegen|themen|für)",
        ),
        (
            "ausschließlich",
            rf" (?:ich (?:beantworte|helfe|kann|bin|unterstütze|antworte|darf)|(?:beantworte|helfe|kann|bin|darf) ich) (?:[\w,]+ ){{0,4}}?ausschließlich|{_SERVICE} (?:\w+ ){{0,2}}?ausschließlich",
        ),
        ("zuständig", r" (?:bin ich|ich bin) (?:\w+ ){0,3}?nicht (?:\w+ )?zuständig"),
        ("infrage", r" (?:für mich|bei mir) (?:\w+ )?nicht infrage"),
        ("mich", r" (?:ist|wäre|kommt) (?:\w+ )?für mich (?:\w+ )?(?:nicht|tabu|ausgeschlossen|keine option)"),
        (
            "mir",
            r" wäre (?:\w+ )?(?:unethisch|unangemessen|falsch|unverantwortlich|nicht richtig|nicht angemessen) (?:\w+ )?von mir",
        ),
        (
            "angemessen unangemessen",
            r" es (?:ist|wäre) (?:nicht|un)\s?angemessen, (?:[\w,-]+ ){0,12}?(?:bereitzustellen|zu geben|zu liefern|zu erstellen|zu schreiben)",
        ),
    ),
    tasks=(
        "helf- geholfen weiterhelf- weiterzuhelfen aushelf- behilflich unterstütz- bereitstell- bereitzustell- stell- geb- angeb- herausgeb- weitergeb- weiterzugeb- "
        "herauszugeb- liefer- erstell- generier- schreib- verfass- formulier- biet- anbiet- anzubiet- erteil- teil- mitteil- mitzuteil- nenn- verrat- "
        "preisgeb- preiszugeb- beantwort- antwort- äußer- diskutier- besprech- behandel- bearbeit- erfüll- nachkomm- nachzukomm- entsprech- durchführ- "
        "durchzuführ- ausführ- auszuführ- übernehm- vornehm- mach- tun übersetz- zusammenfass- erklär- erläuter- beschreib- empfehl- förder- beteilig- mitwirk- "
        "offenleg- offenzuleg- aushändig- übermittel- veröffentlich- ausstell- stornier- erstatt- änder- freischalt- genehmig- zeig- produzier- entwickel- "
        "programmier- erzeug- verschaff- berat- eingeh- einzugeh- spekulier- kommentier- bewert- vermittel- mitmach- ausgeb- leist- anleit- vorschlag- vorschläg- darstell- "
        "dienen kommunizier- verbreit- lös- planen simulier- wiedergeb- identifizier- löschen umgeh- deaktivier- fortfahr- fortsetz- rat verrate besorg-"
    ),
    between=None,
    clause=r",? (?:aber|jedoch|doch|sondern|weil|da|denn|allerdings) ",
    harmless=(
        r"\bohne (?:die|den|das|weitere|mehr|zusätzliche|zugriff|kontext|genauere|deine?n?|ihre?n?) (?!zustimmung|erlaubnis|einwilligung)|\bsolange (?:ich|du|sie)\b[^.]{0,40}(?:kenne|sehe|hochl|schick|teil|gib)|echtzeit|keinen? zugriff|zugreifen|"
        r"(?:nicht|kaum) (?:oft |genug |hoch )?genug|nicht (?:sagen|sicher|ausschließen|beurteilen|wissen|erkennen|sehen|öffnen|finden|einsehen)\b|zukunft vorher|\bnicht nur\b|die datei|nicht mehr (?:warten|helfen, als)|einladung|keine (?:genaue|eindeutige|definitive|pauschale)|aktuelle[nrs]? (?:daten|kurs|wetter|preis)"
    ),
    modest=r"beratung|rechtlichen? rat|ärztlich|medizinische[nr]? rat|meinung|diagnos|garant|direkt|persönlich|steuerlich|endgültig|rechtsrat|ratschläge",
    answers={
        " hier ": r" hier (?:ist|sind|finde|ein|kann|habe|die|der|das|folg)",
        "allgemein": r"allgemein (?:gilt|lässt|kann)|im allgemeinen|aber (?:ganz )?allgemein|folgende(?:n)? allgemeine",
        "grundsätzlich": r"grundsätzlich (?:gilt|gibt|ist|kann|darf|muss)",
        "in der regel": r"in der regel",
        "folgend": r"im folgenden|(?:die|der|das|den) folgende[nrs]?",
        "aber ": r", aber (?!ich |wenn |bitte|gerne|sie (?:können|sollten) sich|du (?:kannst|solltest) dich|es ist)",
        "jedoch": r" (?:ich kann|kann ich) (?:\w+ ){0,3}?jedoch (?:einige|ein paar|allgemeine|eine)",
    },
    delivers={
        " hier": r"(?:aber|jedoch|trotzdem|stattdessen) hier (?:ist|sind|kommt)(?! (?:einige|ein paar) (?:alternativen|tipps|legale|sichere))|: hier (?:ist|sind)",
        ":": r"(?:übersetzung|auf (?:deutsch|englisch|französisch|spanisch)|entwurf|vorschlag|beispiel|antwort|vorlage|zusammenfassung|formulierung):",
        "dennoch": r"dennoch (?:ist|sind|gilt|gibt)",
    },
    begins=r" (?:(?:ja|natürlich|klar|gerne?|selbstverständlich|sicher)[,!.:]|hier (?:ist|sind|kommt)|im folgenden)",
)
