"""Dutch: as in German the verb may stand last and the subject after its modal verb."""

from ddllm.quality.grammar import Grammar

_NOT = r"(?: [\w,'-]+){0,6}? (?:niet|geen|niets|noch)\b"
_MODAL = r"(?:kan|mag|zal|wil|ga|zou|kon)"
_SERVICE = r"(?:assistent|chatbot|bot|chat|kanaal)"
_GIVE = r"(?:schrijf|maak|geef|lever|deel|help|vertel|beantwoord|bespreek|genereer|verstrek|bied|doe|vertaal|noem|werk|ondersteun|verleen)"

GRAMMAR = Grammar(
    heads=(
        (
            "ik",
            rf" ik (?:[\w,'-]+ ){{0,4}}?{_MODAL}{_NOT}| ik (?:ben|voel me|werd) (?:\w+ ){{0,4}}?niet (?:\w+ )?(?:in staat|bevoegd|gemachtigd|bereid|bedoeld|geprogrammeerd|ontworpen|gemaakt|geautoriseerd|toegestaan|comfortabel|prettig)"
            rf"| {_MODAL} ik{_NOT}| ben ik (?:\w+ ){{0,3}}?niet (?:in staat|bevoegd|gemachtigd|bereid|voor bedoeld)",
        ),
        ("mij", r" (?:is|het) (?:\w+ ){0,2}?mij (?:\w+ ){0,2}?niet (?:toegestaan|mogelijk)"),
        ("me", r" (?:is|het) (?:\w+ ){0,2}?me (?:\w+ ){0,2}?niet (?:toegestaan|mogelijk)"),
        ("we", r" (?:we kunnen|kunnen we)(?: [\w,'-]+){0,5}? (?:niet|geen)\b(?=[^.!?]{0,40}(?:helpen|beantwoorden))"),
        ("assistent", r"assistent (?:kan|mag|zal)(?: [\w,'-]+){0,5}? (?:niet|geen)\b"),
        ("bot chatbot", r"bot (?:kan|mag|zal)(?: [\w,'-]+){0,5}? (?:niet|geen)\b"),
    ),
    declines=(
        ("af", r" (?:wijs ik|ik wijs)(?: [\w,'-]+){0,6}? af\b"),
        (
            "weiger weigeren",
            r" (?:ik weiger|weiger ik|moet ik(?: [\w,'-]+){0,5}? weigeren|ik moet(?: [\w,'-]+){0,5}? weigeren)\b",
        ),
        ("afwijzen", r" (?:ik moet|moet ik|ik zal|zal ik)(?: [\w,'-]+){0,5}? afwijzen"),
        ("afslaan", r" (?:ik moet|moet ik)(?: [\w,'-]+){0,5}? afslaan"),
        ("passen", r" (?:moet ik|ik moet|hier moet ik) (?:\w+ ){0,3}?(?:voor )?passen"),
        (
            "liever",
            r" ik [^.!?;]{0,60}liever niet\b| (?:ik|doe ik|ga ik)(?: \w+){0,3}? liever niet\b| liever niet\b[^.!?]{0,20} ik\b",
        ),
        ("onthoud", r" ik onthoud me"),
        ("begin", r" begin ik niet aan"),
        (
            "ik",
            rf" {_GIVE} ik (?:[\w,-]+ ){{0,6}}?(?:niet|geen)\b(?! op\b)| ik {_GIVE} (?:[\w,-]+ ){{0,5}}?(?:niet|geen)\b(?! op\b)",
        ),
        ("afgewezen geweigerd", r"(?:[.!:]) (?:dit |uw |je |het )?verzoek (?:is |wordt )?(?:afgewezen|geweigerd)"),
        (
            "verzoek",
            r" verzoek (?:kan|mag|wordt) (?:\w+ ){0,3}?niet (?:\w+ )?(?:ingewilligd|beantwoord|uitgevoerd|verwerkt)|verzoek (?:is in strijd|valt buiten|schendt|gaat in tegen)",
        ),
        (
            "mijn",
            r"(?:buiten|tegen|niet (?:bij|tot|binnen|onder)|in strijd met|schendt) mijn (?:\w+ )?(?:taken?\w*|taakgebied|richtlijnen|regels|bereik|werkgebied|rol|bevoegdhe\w+|domein|principes|vakgebied|opdracht|functie|beleid)"
            r"| mijn (?:\w+ )?(?:richtlijnen|regels|instructies|beleid|principes) (?:\w+ ){0,3}?(?:toe|staan|verbieden|laten|verhinderen)",
        ),
        (
            "alleen",
            rf" (?:ik (?:beantwoord|help|kan|ben|mag)|(?:beantwoord|help|kan|ben|mag) ik) (?:[\w,]+ ){{0,4}}?alleen (?:[\w,-]+ ){{0,6}}?(?:vragen|helpen|beantwoorden|bedoeld|over)|{_SERVICE} (?:\w+ ){{0,2}}?alleen (?:\w+ ){{0,2}}?(?:vragen|voor|bedoeld)",
        ),
        (
            "uitsluitend",
            rf" (?:ik (?:beantwoord|help|kan|ben)|(?:beantwoord|help|kan|ben) ik) (?:[\w,]+ ){{0,4}}?uitsluitend|{_SERVICE} (?:\w+ ){{0,2}}?uitsluitend",
        ),
        (
            "ongepast onethisch onverantwoord",
            r" het (?:is|zou) (?:\w+ )?(?:ongepast|onethisch|onverantwoord)(?: zijn)? (?:van mij|om (?:\w+ ){0,8}?te (?:geven|verstrekken|delen|schrijven|maken))",
        ),
    ),
    tasks=(
        "help- geholpen verderhelp- assist- bijstaan gev- geven verstrek- lever- mak- schrijv- opstel- op te stellen genere- produc- bied- aanbied- del- delen mededel- bespre- "
        "antwoord- beantwoord- meewerk- mee werken uitvoer- voldo- verwerk- vertel- uitleg- uit leg- vertal- samenvat- beschrijv- aanbevel- ondersteun- ingaan "
        "doen tonen laten onthul- vrijgev- doorgev- prijsgev- annuler- terugbetal- wijzig- noem- adviser- verlen- creër- ontwikkel- verspreid- deelnem- verklap- publicer- "
        "bedenk- inwillig- speculer- oplos- omzeil- uitschakel- regel- identificer- behandel- afhandel- discussiër- voortzet- leren- leveren"
    ),
    between=None,
    clause=r",? (?:maar|echter|omdat|want|aangezien) ",
    harmless=(
        r"\bzonder (?:de|het|meer|extra|verdere|toegang|context|je|uw|jouw) (?!toestemming)|\bzolang (?:ik|je|u)\b|realtime|geen toegang|genoeg (?:aanbevelen|benadrukken|bedanken)|niet (?:zeggen|zien|openen|vinden|inzien|weten|zeker|vaststellen|beoordelen)\b|toekomst voorsp|niet alleen\b|uitnodiging|geen (?:exact|eenduidig|definitief)|niet genoeg"
    ),
    modest=r"\badvies|mening|diagnose|garan|rechtstreeks|persoonlijk",
    answers={
        " hier": r" hier (?:is|zijn|vind|volgt)|hieronder",
        "algemeen": r"(?:in|over) het algemeen",
        "maar ": r", maar (?!ik |als |neem|raadpleeg|je (?:kunt|kan) (?:contact|een)|u kunt)",
        "doorgaans": r"doorgaans",
        "meestal": r"meestal",
    },
    delivers={
        " hier": r"(?:maar|echter|toch) hier (?:is|zijn|volgt)(?! (?:enkele|een paar) (?:alternatieven|tips|legale|veilige))|: hier (?:is|zijn)",
        ":": r"(?:vertaling|in het (?:nederlands|engels|frans|duits)|voorstel|voorbeeld|antwoord|sjabloon|samenvatting|concept):",
    },
    begins=r" (?:(?:ja|natuurlijk|zeker|graag|uiteraard)[,!.:]|hier (?:is|zijn|volgt)|hieronder)",
)
