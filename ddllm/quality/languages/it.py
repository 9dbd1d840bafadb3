"""Italian: pronouns hang on the shortened infinitive ("aiutarti")."""

from ddllm.quality.grammar import Grammar

_SERVICE = r"(?:assistente|chatbot|bot|chat|canale|servizio)"
_FIRST = r"(?:aiuto|condivido|scrivo|offro|fornisco|do|genero|rispondo|partecipo|rivelo|collaboro|supporto|faccio|discuto|produco|tratto|scriverò|farò|aiuterò|condividerò|darò|risponderò|genererò|creerò|parteciperò|fornirò|rivelerò|divulgo|tradurrò)"

GRAMMAR = Grammar(
    heads=(
        (
            "non",
            r" non (?:mi |ti |le |vi |lo |la |ci |gli )?(?:posso|potrò|potrei|sono|devo|dovrei|intendo|voglio|desidero|possiamo|è|ho (?:intenzione|il permesso|l'autorizzazione)|me la sento|sento)\b",
        ),
        ("incapace", r" sono incapace di"),
        ("impossibile", r" mi è impossibile"),
        ("impossibilitato impossibilitata", r" sono impossibilitat[oa] a"),
        ("preferisco", r" preferisco non\b"),
        ("preferirei", r" preferirei non\b"),
        ("assistente", r"assistente non (?:può|è autorizzato|è progettato)"),
        ("bot chatbot", r"bot non (?:può|è autorizzato|è progettato)"),
        ("astenermi", r" (?:devo|preferisco) astenermi d"),
    ),
    declines=(
        (
            "rifiutare rifiutarmi rifiutarla rifiuto rifiutata",
            r" (?:devo|dovrò|sono costrett[oa] a|preferisco|mi vedo costrett[oa] a)(?: \w+){0,2}? rifiutar| rifiuto (?:questa|la |di |questo)| mi rifiuto di| richiesta (?:è stata )?rifiutata[.!:]",
        ),
        (
            "declinare declino",
            r" (?:devo|dovrò|preferisco|sono costrett[oa] a) (?:\w+ )?declinare| declino (?:questa|la |di )",
        ),
        ("respingere", r" (?:devo|dovrò) (?:\w+ )?respingere"),
        ("astengo", r" mi astengo"),
        ("passo", r" passo,? grazie| su questo passo"),
        ("non", rf" non (?:ti |le |vi |lo |la |gli )?{_FIRST}\b(?! (?:per scontato|caso|fatica|mai))"),
        (
            "mie mia mio miei",
            r"(?:fuori|contro|oltre|esula|al di fuori|viola|contraria?|va contro|rientra)(?: (?:da|dal|dalle|dalla|alle|nelle|tra|nel|le|la|il|i|con|dell'ambito delle|ai|dai|nei))? (?:mie|mia|mio|miei) (?:\w+ ){0,2}?(?:linee guida|compet\w+|ambito|funzion\w+|ruolo|regole|politic\w+|principi|programmazione|capacità|compiti|direttive|mansioni)"
            r"| mie (?:\w+ )?(?:linee guida|regole|politiche|direttive|istruzioni) (?:non |me lo |mi )?(?:mi )?(?:permettono|consentono|vietano|impediscono|proibiscono|autorizzano)",
        ),
        ("impedisce impediscono", r" mi impedi(?:sce|scono)\b"),
        ("vieta vietano", r" mi (?:vieta|vietano)\b"),
        (
            "fare",
            r"(?:oltre|fuori da|al di là di) (?:ciò|quello|quanto) che posso fare|(?:non è|non rientra)(?: \w+){0,3} (?:posso|voglio) fare",
        ),
        (
            "solo",
            rf" (?:rispondo|posso (?:rispondere|aiutar\w*|parlare|assister\w*)|mi occupo|aiuto|tratto|sono qui)(?: [\w']+){{0,2}}? solo| solo (?:rispondo|posso (?:rispondere|aiutar\w*))(?!\w* se\b)|{_SERVICE} (?:\w+ )?solo (?:a|di|per)",
        ),
        ("soltanto", r" (?:rispondo|posso (?:rispondere|aiutar\w*)|mi occupo|aiuto|tratto)(?: \w+){0,2}? soltanto"),
        (
            "esclusivamente",
            rf" (?:rispondo|posso (?:rispondere|aiutar\w*)|mi occupo|aiuto|tratto|sono qui)(?: \w+){{0,2}}? esclusivamente|{_SERVICE} (?:\w+ )?esclusivamente",
        ),
        ("unicamente", r" (?:rispondo|posso (?:rispondere|aiutar\w*)|mi occupo|aiuto|tratto)(?: \w+){0,2}? unicamente"),
        (
            "richiesta",
            r" richiesta (?:viola|va contro|esula|non può essere (?:soddisfatta|elaborata|accolta)|non rientra)",
        ),
        (
            "appropriato inappropriato",
            r" (?:non è|sarebbe in|non sarebbe|è in)\s?appropriato(?: (?:né|o|e) \w+)? (?:fornire|dare|condividere|scrivere|generare|creare|offrire)",
        ),
        ("qualcosa", r"non è qualcosa che (?:io )?(?:posso|possa|faccio|voglio|intendo)"),
    ),
    tasks=(
        "aiutar- assister- fornir- dar- darti dirti offrir- condivider- crear- scriver- rediger- generar- produrr- discuter- parlar- risponder- rivelar- divulgar- partecipar- supportar- "
        "promuover- eseguir- far- farlo soddisfar- adempier- elaborar- tradurr- spiegar- raccomandar- consigliar- suggerir- mostrar- insegnar- guidar- descriver- riassumer- continuar- proceder- "
        "collaborar- commentar- speculare- esprimer- rilasciar- comunicar- indicar- annullar- rimborsar- modificar- evader- accoglier- dar seguito incoraggiar- sostener- approvar- accettar- trattar- fornirti "
        "svelar- trasmetter- impegnar- agevolar- aggirar- imitar- identificar- assecondar- comporre- prestar- pubblicar- occuparm-"
    ),
    between=(
        "posso potrò potrei in grado di a da per autorizzato autorizzata capace consentito consentita permesso possibile mi ti le vi lo la gli si e né non devo voglio intendo progettato progettata programmato programmata "
        "disposto disposta abilitato abilitata tenuto legalmente eticamente direttamente purtroppo nessuna circostanza poter essere è sono appropriato che io con qui qualificato -mente intenzione sento fare agio mio"
    ),
    harmless=(
        r"\bsenza (?:il|la|i|le|più|vedere|conoscere|sapere|accesso|contesto|ulteriori|altre|prima) (?!consenso|autorizzazione|permesso)|tempo reale|accesso a|non ho accesso|\bfinché (?:non )?(?:mi|tu|io)|abbastanza\b|prevedere il futuro|dir(?:ti|le|e|lo) (?:se|con certezza|esattamente|quando|chi|quanto)|"
        r"risposta (?:definitiva|esatta|precisa)|non (?:solo|soltanto)\b|invito|fare a meno|far(?:e|lo) altro che|dare per"
    ),
    modest=r"consulenz|consigli? (?:legal|medic|finanziar|fiscal)|parer|opinion|diagn|garanti|personal|definitiv",
    answers={
        "ecco": r"ecco",
        "general": r"in (?:linea )?generale|generalmente",
        "seguent": r"(?:i|le|gli|il|la) (?:\w+ )?seguent[ei]",
        "di seguito": r"di seguito",
        " ma ": r", ma (?!(?:posso|se|consulta|per favore|con piacere|sono|ti consiglio) )|ma posso (?:dir|spiegar|dar)",
        "tuttavia": r"tuttavia,? (?!(?:se|ti consiglio|le consiglio|è importante) )",
    },
    delivers={
        "ecco": r"(?:ma|tuttavia,|però) ecco (?!(?:alcune|alcuni|altre|qualche) (?:\w+ )?(?:alternative|risorse|opzioni|suggerimenti|consigli|idee|modi))",
        ":": r"(?:traduzione|in (?:italiano|inglese|francese|tedesco)|proposta|esempio|risposta|modello|riassunto|bozza|versione):",
    },
    begins=r" (?:(?:sì|certo|certamente|con piacere|volentieri|naturalmente)[,!.: ]|ecco|di seguito)",
)
