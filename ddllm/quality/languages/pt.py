"""Portuguese, of Portugal and of Brazil."""

from ddllm.quality.grammar import Grammar

_SERVICE = r"(?:assistente|chatbot|bot|chat|canal|serviço)"
_FIRST = r"(?:ajudo|partilho|compartilho|escrevo|ofereço|forneço|dou|gero|redijo|respondo|participo|revelo|colaboro|apoio|faço|discuto|produzo|escreverei|farei|ajudarei|partilharei|compartilharei|darei|responderei|gerarei|criarei|participarei|fornecerei|revelarei|divulgo|presto|traduzirei)"

GRAMMAR = Grammar(
    heads=(
        (
            "não",
            r" não (?:me |te |lhe |lhes |o |a |vos )?(?:posso|poderei|poderia|consigo|devo|deveria|vou|quero|desejo|pretendo|podemos|estou|sou|é|está|me|sinto|fui|tenho (?:permissão|autorização))\b",
        ),
        ("incapaz", r" (?:sou|estou) incapaz de"),
        ("impossível", r" (?:me é|é-me|torna-se-me) impossível"),
        ("impossibilitado impossibilitada", r" (?:estou|vejo-me|me vejo) impossibilitad[oa] de"),
        ("prefiro", r" prefiro não\b"),
        ("assistente", r"assistente não (?:pode|está autorizado|foi projetado|consegue)"),
        ("bot chatbot", r"bot não (?:pode|está autorizado|foi projetado)"),
    ),
    declines=(
        (
            "recusar recusá recuso recusado",
            r" (?:devo|tenho de|tenho que|vou|preciso|vejo-me obrigad[oa] a|sou obrigad[oa] a|prefiro)(?: [\wáéíóúãõçê]+){0,2}? ?recus[aá]| recuso(?:-me)? (?:a |este|esse|esta|o |responder|escrever|participar)| me recuso a| pedido (?:foi )?recusado[.!:]",
        ),
        (
            "declinar declino",
            r" (?:devo|tenho de|tenho que|vou|preciso) (?:\w+ )?declinar| declino (?:este|esse|o |responder)",
        ),
        ("rejeitar", r" (?:devo|tenho de|tenho que|vou|preciso) (?:\w+ )?rejeitar"),
        ("abstenho abster", r" (?:abstenho-me|me abstenho|devo abster|prefiro abster)"),
        ("não", rf" não (?:te |lhe |lhes |o |a |vos )?{_FIRST}\b(?! conta)"),
        (
            "minha minhas",
            r"(?:viola|fora|contra|contraria|contrári[oa]|ultrapassa|excede|foge|além|infringe|desrespeita|parte)(?: (?:d?as?|do âmbito das?|o âmbito das?|às?|do escopo das?|o escopo das?))? ?minhas? (?:\w+ ){0,2}?(?:diretrizes|políticas?|funç\w+|competências?|normas|regras|programação|capacidades|área|alçada|atribuições|tarefas|orientações)"
            r"| minhas (?:\w+ )?(?:diretrizes|normas|políticas|regras|instruções|orientações) (?:não |me )?(?:me )?(?:permitem|proíbem|impedem|autorizam)",
        ),
        (
            "meu meus",
            r"(?:fora|contra|ultrapassa|excede|foge|além|sai|parte)(?: (?:do|ao|o|dos|aos))? ?meus? (?:\w+ ){0,2}?(?:âmbito|escopo|papel|domínio|alcance|princípios|objetivo|trabalho|limites|campo)",
        ),
        ("impede impedem", r" me impedem?\b|impedem-me|impede-me"),
        ("proíbe proíbem", r" me proíbem?\b|proíbem-me|proíbe-me"),
        (
            "apenas",
            rf" (?:respondo|posso (?:responder|ajudar|atender|falar)|atendo|ajudo|trato|estou aqui) apenas| apenas (?:respondo|posso (?:responder|ajudar|falar|atender)|atendo|ajudo|trato)(?!\w* se\b)|{_SERVICE} (?:\w+ )?apenas (?:responde|atende|pode|ajuda)",
        ),
        (
            "só",
            rf" (?:eu )?só (?:respondo|posso (?:responder|ajudar|falar|atender|tratar)|atendo|ajudo|trato|estou (?:aqui|autorizado))(?!\w* se\b)|{_SERVICE} só (?:responde|atende|pode|ajuda)",
        ),
        (
            "somente",
            rf" (?:respondo|posso (?:responder|ajudar|atender)|atendo|ajudo) somente| somente (?:respondo|posso|atendo|ajudo)|{_SERVICE} (?:\w+ )?somente",
        ),
        (
            "exclusivamente",
            r" (?:respondo|posso (?:responder|ajudar|atender)|atendo|ajudo|trato) exclusivamente| exclusivamente (?:respondo|atendo)",
        ),
        (
            "pedido",
            r" pedido (?:viola|infringe|vai contra|está fora|ultrapassa|não (?:pode|será) (?:ser )?(?:atendido|processado|respondido))",
        ),
        (
            "apropriado inapropriado",
            r" (?:não é|seria in|não seria|é in)\s?apropriado(?: (?:nem|ou|e) \w+)? (?:fornecer|dar|partilhar|compartilhar|escrever|gerar|criar|oferecer)",
        ),
        ("algo", r"não é algo que (?:eu )?(?:possa|vá|faça|queira|faço|posso)"),
    ),
    tasks=(
        "ajudar- ajudá- auxiliar- fornecer- fornecê- dar- dá-lo dizer- oferecer- partilhar- compartilhar- criar- escrever- redigir- gerar- produzir- discutir- falar responder- revelar- divulgar- "
        "participar- apoiar- promover- realizar- fazer- fazê- atender- cumprir- processar- traduzir- explicar- recomendar- aconselhar- sugerir- mostrar- ensinar- guiar- orientar- descrever- "
        "resumir- continuar- prosseguir- colaborar- comentar- especular- opinar- envolver- emitir- entregar- indicar- cancelar- reembolsar- modificar- alterar- executar- elaborar- difundir- incentivar- "
        "satisfazer- aceitar- prestar- tratar- aprovar- engajar- transmitir- disponibilizar- facultar- contornar- burlar- imitar- identificar- endossar- compor- passar- publicar-"
    ),
    between=(
        "posso poderei poderia consigo em condições autorizado autorizada capaz de a para permitido permitida possível me te lhe lhes o vos se e nem não vou devo quero projetado projetada programado programada apto apta "
        "disposto disposta habilitado habilitada confortável em legalmente eticamente diretamente sob nenhuma circunstância também poder ser está é estou apropriado que eu com por aqui infelizmente qualificado posição numa na -mente"
    ),
    harmless=(
        r"\bsem (?:o|a|os|as|mais|ver|conhecer|saber|acesso|contexto|informações|antes) (?!consentimento|autorização|permissão)|tempo real|acesso a|não tenho acesso|\baté que (?:me|você|eu)|(?:o )?(?:suficiente|bastante)\b|prever o futuro|dizer(?:-\w+)? (?:se|com certeza|exatamente|quando|quem|quanto|o quanto)|"
        r"resposta (?:definitiva|exata|precisa)|não (?:só|apenas|somente)\b|convite|deixar de|falar (?:agora|francês)"
    ),
    modest=r"aconselhamento|conselhos? (?:legai|jurídic|médic|financeir|fisca)|consultoria|assessoria|opini|diagn|garanti|pessoa|definitiv",
    answers={
        "aqui": r"aqui (?:está|estão|vai|vão|tem)",
        "geral": r"em geral,|de (?:modo|forma|maneira) geral|geralmente",
        "seguinte": r"(?:os|as|o|a) (?:\w+ )?seguintes?",
        "a seguir": r"a seguir",
        "mas ": r", mas (?!(?:posso|se|consulte|por favor|com prazer|estou|terei) )|mas posso (?:dizer|explicar|contar|dar)",
        "no entanto": r"no entanto,? (?!(?:se|recomendo|por favor|é importante) )",
    },
    delivers={
        "aqui": r"(?:mas|no entanto,|porém,) aqui (?:está|estão|vai|tem) (?!(?:algumas?|alguns|outras|uns) (?:\w+ )?(?:alternativas|recursos|opções|sugestões|dicas|ideias|formas))",
        ":": r"(?:tradução|em (?:português|inglês|francês|espanhol)|proposta|exemplo|resposta|modelo|resumo|rascunho|versão):",
    },
    begins=r" (?:(?:sim|claro|com certeza|com prazer|certamente|com todo o gosto)[,!.: ]|aqui (?:está|estão|vai|tem)|a seguir|segue)",
)
