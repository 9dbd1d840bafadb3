"""Spanish: the verb tells the person, so that the subject is mostly left out; pronouns hang on the infinitive."""

from ddllm.quality.grammar import Grammar

_SERVICE = r"(?:asistente|chatbot|bot|chat|canal|servicio)"
_FIRST = r"(?:ayudo|comparto|escribo|ofrezco|proporciono|doy|genero|redacto|respondo|participo|facilito|revelo|colaboro|apoyo|hago|discuto|produzco|escribiré|haré|ayudaré|compartiré|daré|responderé|generaré|crearé|redactaré|participaré|proporcionaré|revelaré|facilitaré|traduciré|contesto|contestaré)"

GRAMMAR = Grammar(
    heads=(
        (
            "no",
            r" no (?:me |te |le |les |os |lo |la |se )?(?:puedo|podré|podría|debo|debería|voy|quiero|deseo|pienso|podemos|estoy|soy|es|está|me|siento|tengo (?:permitido|autorización|permiso))\b",
        ),
        ("incapaz", r" (?:soy|me veo) incapaz de"),
        ("imposible", r" (?:me es|me resulta) imposible"),
        ("imposibilidad imposibilitado", r" me veo (?:en la imposibilidad|imposibilitado) (?:de|para)"),
        ("prefiero", r" prefiero no\b"),
        ("preferiría", r" preferiría no\b"),
        ("asistente", r"asistente no (?:puede|está autorizado|está diseñado|podrá)"),
        ("bot chatbot", r"bot no (?:puede|está autorizado|está diseñado|podrá)"),
    ),
    declines=(
        (
            "rechazar rechazo rechazada",
            r" (?:debo|tengo que|voy a|me veo obligad[oa] a|he de|prefiero|necesito)(?: [\wáéíóúñ]+){0,2}? rechazar| (?:la |lo )?rechazo (?:esta|tu|su|la|este|escribir|participar|hacer)| solicitud (?:ha sido |fue |queda )?rechazada[.!:]",
        ),
        (
            "declinar declino",
            r" (?:debo|tengo que|voy a|me veo obligad[oa] a|prefiero|he de) (?:\w+ )?declin| declino (?:esta|tu|su|la|responder|participar|hacer)",
        ),
        ("niego", r" me niego a"),
        ("negarme", r" (?:debo|tengo que|voy a) negarme"),
        ("abstenerme abstener", r" (?:debo|tengo que|prefiero|voy a) (?:abstenerme|abstener)"),
        ("abstengo", r" me abstengo"),
        ("paso", r" (?:yo )?paso de (?:esta|esa|este|ese)"),
        ("no", rf" no (?:te |le |les |os |lo |la |se lo |te lo )?{_FIRST}\b(?! (?:cuenta|por hecho|más de))"),
        (
            "mis mi lo",
            r"(?:fuera|excede|escapa|sale|contra|en contra|contrari[oa]|infringe|viola|va más allá|parte|incumple|corresponde)(?: (?:de|a|del ámbito de|del alcance de|el alcance de))? (?:mis?|lo que puedo) (?:\w+ ){0,2}?(?:ámbito|alcance|funci\w+|directrices|competencias?|normas|políticas?|principios|reglas|programación|capacidades|tareas|atribuciones|rol|pautas|área|hacer|ofrecer|ayudar)"
            r"| mis (?:\w+ )?(?:directrices|normas|políticas|principios|reglas|instrucciones|pautas) (?:no |me lo |me )?(?:me )?(?:permiten|prohíben|impiden|autorizan)",
        ),
        ("impide impiden", r" (?:que )?me (?:lo )?impid(?:e|en)\b"),
        ("prohíbe prohíben", r" (?:que )?me (?:lo )?prohíbe[n]?\b"),
        ("prohibido", r" tengo prohibido"),
        (
            "solo",
            rf" (?:yo )?solo (?:respondo|puedo (?:responder|ayudar|atender|hablar|contestar)|atiendo|ayudo|estoy (?:aquí|autorizado|diseñado)|me ocupo|contesto)(?!\w* si\b)|{_SERVICE} (?:\w+ )?solo (?:responde|atiende|puede|ayuda)",
        ),
        (
            "sólo",
            rf" sólo (?:respondo|puedo (?:responder|ayudar|atender|hablar|contestar)|atiendo|ayudo|estoy (?:aquí|autorizado|diseñado)|me ocupo)(?!\w* si\b)|{_SERVICE} (?:\w+ )?sólo (?:responde|atiende|puede|ayuda)",
        ),
        (
            "únicamente",
            rf" (?:respondo|puedo (?:responder|ayudar\w*|atender)|atiendo|ayudo|estoy aquí) únicamente| únicamente (?:respondo|puedo|atiendo|ayudo)|{_SERVICE} (?:\w+ )?únicamente",
        ),
        (
            "exclusivamente",
            r" (?:respondo|puedo (?:responder|ayudar\w*|atender)|atiendo|ayudo|estoy (?:aquí|diseñado)) exclusivamente| exclusivamente (?:respondo|atiendo)",
        ),
        (
            "solicitud",
            r" solicitud (?:infringe|viola|incumple|va en contra|está fuera|excede|no (?:puede|será) (?:ser )?(?:atendida|procesada|respondida))",
        ),
        (
            "apropiado inapropiado",
            r" (?:no es|sería in|no sería|es in)\s?(?:apropiado|ético)(?: (?:ni|o|y) \w+)? (?:que yo )?(?:proporcionar|dar|compartir|escribir|generar|crear|ofrecer|proporcione|dé|comparta|escriba)",
        ),
        ("algo", r"no es algo que (?:yo )?(?:pueda|vaya a|haga|quiera)"),
    ),
    tasks=(
        "ayudar- asistir- proporcionar- dar- darte darle ofrecer- compartir- facilitar- crear- escribir- redactar- generar- producir- discutir- hablar responder- contestar- revelar- divulgar- "
        "participar- apoyar- promover- realizar- hacer- hacerlo atender- cumplir- procesar- traducir- explicar- recomendar- aconsejar- sugerir- mostrar- enseñar- guiar- describir- resumir- "
        "continuar- seguir- colaborar- brindar- suministrar- comentar- especular- opinar- involucrar- emitir- entregar- indicar- decir- decirte contar- cancelar- reembolsar- modificar- "
        "ejecutar- tramitar- gestionar- elaborar- difundir- fomentar- satisfacer- acceder aceptar- complacer- prestar- tratar- aprobar- comprometer- respaldar- eludir- hackear- imitar- identificar- publicar- pronunciar-"
    ),
    between=(
        "puedo podré podría en condiciones autorizado autorizada capaz de a para permitido permitida posible me te le les os lo la se y ni no voy debo quiero diseñado diseñada programado programada "
        "dispuesto dispuesta facultado facultada habilitado habilitada cómodo cómoda siento legalmente éticamente directamente bajo ninguna circunstancia tampoco poder ser está es estoy apropiado que yo con por posibilidad aquí capacitado capacitada -mente"
    ),
    harmless=(
        r"\bsin (?:el|la|los|las|más|ver|conocer|saber|acceso|contexto|información|antes) (?!consentimiento|autorización|permiso)|tiempo real|acceso a|no tengo acceso|\bhasta que (?:me|yo|usted|tú)? ?(?:\w+ )?(?:envíe|comparta|pegue|suba|diga|vea)|(?:lo )?suficiente\b|predecir el futuro|decir(?:te|le|lo)? (?:si|con certeza|exactamente|cuándo|quién|cuánto)|"
        r"respuesta (?:definitiva|exacta|precisa)|no solo\b|no sólo\b|hacer nada más que|invitación|dar (?:crédito|por)|hablar (?:ahora|francés)|seguir (?:así|esperando|adelante sin)|acceder a (?:internet|tu|su|ese|este|la|los|el)|dejar de"
    ),
    modest=r"asesor|consejos? (?:legal|médic|financier|jurídic|fiscal)|asesoramiento|opini|diagn|garanti|personal|definitiv",
    answers={
        "aquí": r"aquí (?:tienes?|están?|van?)",
        "general": r"en (?:términos )?general(?:es)?,|de forma general|por lo general|generalmente",
        "siguiente": r"(?:los|las|el|la|lo) (?:\w+ )?siguientes?",
        "a continuación": r"a continuación",
        "pero ": r", pero (?!(?:puedo|si|te|le|consulta|por favor|con gusto|estoy|estaré) )|pero (?:te |le )?puedo (?:decir|explicar|contar|dar)",
        "sin embargo": r"sin embargo,? (?!(?:si|te recomiendo|le recomiendo|por favor|es importante) )",
    },
    delivers={
        "aquí": r"(?:pero|sin embargo,|no obstante,) aquí (?:tienes?|están?|va) (?!(?:algunas?|unas|otras|unos|algunos) (?:\w+ )?(?:alternativas|recursos|opciones|sugerencias|consejos|ideas|formas))",
        ":": r"(?:traducción|en (?:español|inglés|francés|alemán)|propuesta|ejemplo|respuesta|plantilla|resumen|borrador|versión):",
    },
    begins=r" ¡?(?:(?:sí|claro|por supuesto|con gusto|desde luego|cómo no|claro que sí)[,!.: ]|aquí (?:tienes?|están?|va)|a continuación)",
)
