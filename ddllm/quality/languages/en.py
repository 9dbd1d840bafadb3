"""English."""

from ddllm.quality.grammar import Grammar

_ADVERBS = r"(?:[a-z]+ly,? |just |also |still |must |simply |do |therefore |thus |as an ai[^.,]{0,40}, |, as [^.,]{0,60}, ){0,3}"
_MINE = r"(?:my|our|openai's|anthropic's|the|these|strict|ethical|content|usage|safety|company|platform)"
_RULES = r"(?:guidelines?|guidance|polic(?:y|ies)|rules|programming|instructions|principles|terms|training|configuration|developers?|standards|values|code)"
_TASK = r"(?:provid|offer|shar|assist|help|generat|creat|produc|discuss|disclos|engag|answer|fulfil|complet|promot|comply|support|writ|giv|suggest|speculat|reveal|encourag)"
_SERVICE = r"(?:assistant|chatbot|chat bot|bot|chat|helpdesk|help desk|support channel|ai|agent|concierge|tutor)"

GRAMMAR = Grammar(
    heads=(
        (
            "i",
            (
                rf" i,? {_ADVERBS}(?:can't|cannot|can not|cant|won't|will not|wont|'m not|shouldn't|should not|may not|am not|(?:don't|do not) have (?:the )?(?:ability|capability|authority|authori[sz]ation|permission|clearance) to|lack the (?:authority|authori[sz]ation|permission|clearance) to|shall not|shan't|(?:wasn't|was not) (?:built|designed|made|trained|programmed|set up)|(?:don't|do not)(?! (?:[a-z]+ly )?(?:recommend|advise|suggest|encourage you))"
                r"|am unable|am prohibited|am restricted|am barred|am forbidden|am prevented|refuse|decline|would rather not|prefer not"
                r"|would prefer not|choose not|must not|have no intention|have chosen not|have been (?:instructed|asked|told|designed|programmed|trained) not)\b"
                r"(?: (?:able|allowed|permitted|authori[sz]ed|willing|going|programmed|designed|equipped|supposed|prepared|comfortable|here|meant|capable|trained|configured|set up"
                r"|at liberty|in a position|intended|built|qualified|cleared|entitled|of)\b(?! not)| to| think i (?:can|should|could)| feel (?:comfortable|right)\b| from\b| with\b){0,4}"
            ),
        ),
        (
            "m ll d",
            (
                r" i'(?:m|ll|d) (?:[a-z]+ly |just |also |still |afraid (?:that )?i'm |sorry,? (?:but )?)?(?:not|unable|prohibited|restricted|barred|forbidden|prevented|rather not|prefer not)\b"
                r"(?: (?:able|allowed|permitted|authori[sz]ed|willing|going|programmed|designed|equipped|supposed|prepared|comfortable|here|meant|capable|trained|configured|set up"
                r"|at liberty|in a position|intended|built|qualified|cleared|entitled|of)\b| to\b| from\b| with\b| be\b){0,4}"
            ),
        ),
        ("im", r" im (?:not able|unable|not allowed|not going|not comfortable)(?: to)?"),
        (
            "we",
            r" we(?:'re| are)? (?:[a-z]+ly )?(?:can't|cannot|unable to|not able to|don't|do not|won't|will not)\b(?=[^.!?]{0,30} (?:help|assist|fulfil|comply|answer|discuss|(?:disclose|share|reveal|provide) (?:this|that|these|such)\b|(?:engage with|entertain|accept|process|take) (?:requests|this|that|such|your)))",
        ),
        (
            "assistant",
            r"(?:this|the|your|our|[a-z]+'s) (?:\w+ ){0,2}assistant (?:can't|cannot|can not|won't|will not|may not|must not|(?:is|was) (?:not (?:able|allowed|permitted|designed|configured|authori[sz]ed)|unable) to)",
        ),
        (
            "bot chatbot",
            r"bot (?:can't|cannot|can not|won't|will not|may not|must not|is (?:not (?:able|allowed|permitted|designed|configured)|unable) to)",
        ),
        # without a subject: at the start of a sentence or clause
        (
            "t cannot",
            r"can(?:'t(?:(?<=[.!?;,-] can't)|(?<=but can't))|not(?:(?<=[.!?;,-] cannot)|(?<=but cannot)))\b",
        ),
        ("unable", r"unable to(?<=[.!?;,-] unable to)"),
        (
            "able allowed going",
            r"not (?:able to(?<=[.!?:;,-] not able to)|allowed to(?<=[.!?:;,-] not allowed to)|going to(?<=[.!?:;,-] not going to))",
        ),
    ),
    declines=(
        (
            "breaking break",
            r" break(?:ing)? my (?:own |\w+ )?(?:rules|guidelines|polic(?:y|ies)|principles|promise to)\b",
        ),
        ("so therefore", r" (?:so|therefore) i (?:won't|can't|cannot|will not|must not)[.!,]"),
        (
            "topic request question service subject task conversation",
            r"(?:not|n't) (?:a|an|the kind of|the sort of) (?:topic|request|question|service|subject|task|conversation) (?:that )?i(?:'m| am)? (?:can|able to|allowed to|will|could|willing to)\b",
        ),
        ("against", r" i have (?:a |an )?(?:\w+ )?(?:rules?|polic(?:y|ies)) against"),
        ("where", r" where i(?:'ll| have to| must)? (?:stop|draw)\b"),
        (
            "refused declined",
            r" i(?:'ve| have) (?:therefore )?(?:refused|declined) to \w+ (?:it|this|that|the (?:request|command|call|task|change))\b",
        ),
        ("against contrary", r" (?:against|contrary to) [^.!?]{1,40} for me to\b"),
        (
            "right",
            r" (?:not|n't) the (?:right|best|correct) (?:assistant|bot|person|tool|place|channel|one|service)\b(?: \w+){0,3}? (?:for|to)\b(?<! the)",
        ),
        (
            "leave",
            r" i(?:'ll|'d| will| have| must| would| am going| need)? (?:have to |need to |rather |to |must )?leave (?:that|this|it) (?:to|for) (?:you|someone|others|another|the (?:professionals|experts)|a )",
        ),
        (
            "blocked barred prohibited forbidden restricted prevented",
            r" i(?:'m| am) (?:blocked|barred|prohibited|forbidden|restricted|prevented)(?: by [\w' -]{1,30})? from \w+ing",
        ),
        (
            "confidential private secret",
            r" i(?:'d| would|'ll| will| have| must| need| prefer| keep)? ?(?:prefer |rather |like |to |have to |need to )*(?:keep|keeping) (?:my|our|those|that|this|these) (?:\w+ ){0,3}(?:confidential|private|secret)\b",
        ),
        (
            "decline refuse",
            r" (?:designed|programmed|trained|instructed|asked|told|built|configured|set up|required) to (?:politely )?(?:decline|refuse)\b",
        ),
        (
            "something",
            r" (?:not|n't) something (?:that )?(?:it|this (?:assistant|bot)|the (?:assistant|bot)) (?:can|will|may|is able to) (?:answer|help|discuss|assist|handle|provide)",
        ),
        (
            "offer provide give produce write engage",
            r" (?:isn't|not|aren't) (?:a|an|the kind of|the sort of|any) (?:\w+ ){1,3}?(?:that )?i (?:offer|provide|give|produce|write|engage)\b",
        ),
        (
            "decline declining",
            r" (?:i|we)(?:'m|'ll|'d|'ve)? (?:(?:am|must|have|need|to|will|would|should|be|going|do|[a-z]+ly) ){0,5}declin(?:e|ing)\b",
        ),
        (
            "refuse refusing",
            r" i(?:'m|'ll|'d|'ve)? (?:(?:am|must|have|need|to|will|would|should|be|going|do|[a-z]+ly) ){1,5}refus(?:e|ing)\b",
        ),
        (
            "pass",
            r" i(?:'m|'ll|'d)? (?:(?:am|must|have|need|to|will|would|should|going|gonna|[a-z]+ly) ){1,5}(?:pass(?: on (?:this|that|it|these|your|\w+ing)\b|[.,!:;]| here)|take a pass)| hard pass\b",
        ),
        (
            "down",
            r" i(?:'m|'ll|'d|'ve)? (?:(?:am|must|have|need|to|will|would|should|going|[a-z]+ly) ){0,5}turn(?:ing)? (?:(?:this|that|it|you|these|your|the)(?: \w+)? down|down (?:this|that|your|the|these))\b",
        ),
        (
            "declining declined",
            r"declin(?:ing(?<=[.!?:-] declining)|ed(?<=[.!?:-] declined))(?:[.:]| (?:this|that|to)\b)",
        ),
        ("say", r" i(?:'m|'ll|'d)? (?:(?:must|have|need|to|will|would|should|going|[a-z]+ly) ){1,4}say no\b"),
        ("draw", r" i(?:'ll|'d|'m going to)? (?:(?:must|have|need|to|will|would|should) ){0,3}draw the line"),
        (
            "here",
            r" i(?:'ll|'m going to|'d rather)? (?:(?:must|have|need|to|will|would|should|am|going) ){0,4}(?:stop|leave it|draw the line) here",
        ),
        (
            "out",
            r" i(?:'ll|'m going to|'d rather)? (?:(?:must|have|need|to|will|would|should|am|going) ){0,4}(?:(?:stay|keep|sit|bow|opt) out of (?:this|that|it)|sit (?:this|that)(?: one)? out)",
        ),
        ("abstain", r" i (?:must|have to|need to|will|should) (?:[a-z]+ly )?abstain"),
        ("refrain", r" i (?:must|have to|need to|will|should|'ll) (?:[a-z]+ly )?refrain from"),
        (
            "use",
            r" (?:won't|will not|cannot|can't|programmed to|refuse to|going to|able to) (?:[a-z]+ )?use (?:or promote (?:the use of )?)?(?:\w+ ){0,6}?(?:language|slurs?|insults|stereotypes|profanity)",
        ),
        ("table", r"off the table(?: for me)?[.,!]"),
        ("version", r"no version of (?:this|that|it)"),
        ("comfortable", r"(?:thing|that|which|what) i(?:'d| would|'m| am) (?:not )?(?:be )?comfortable"),
        ("do", r"(?:[ -])no can do"),
        ("count", r"count me out"),
        (
            "something anything",
            (
                r"(?:not|n't) (?:\w+ ){0,3}(?:some|any)thing (?:that )?(?:i|we)(?:'m|'ll|'d|'re)? (?:can |am |will |would |do |could |want to |feel |ever )?(?:be |able |allowed |permitted |willing |going |prepared |comfortable |authori[sz]ed |set up )?(?:to |with )?(?:help|provide|offer|engage|assist|do|support|discuss|write|produce|create|generat|share|answer|comfortable|with|willing|allowed|able|going|can[.,; ]|comment|advise|take|touch|give|get)"
                r"|not (?:some|any)thing (?:that )?i (?:can|do|will)\b(?! (?:see|find|verify|confirm|check|access|tell|know))"
                r"|(?:some|any)thing (?:that )?i(?:'m not| am not| can't| cannot| won't| will not| don't| do not) (?:be )?(?:able |allowed |willing |going |comfortable )?(?:to )?(?:help|provide|offer|engage|assist|do|support|discuss|write|produce|create|share|answer|doing|going|permitted|allowed|willing|comfortable|with|take part)"
            ),
        ),
        (
            "me",
            (
                r" (?:isn't|is not|not|that one's not) (?:one |a (?:topic|task|request|job) )?for me(?: to \w+)?[.,!:;]"
                r"|(?:not|n't|never) (?:\w+ ){0,3}(?:appropriate|ethical|acceptable|responsible|right|legal|okay|ok|possible|proper|permissible|my place)(?:,? (?:or|and|nor) \w+)* (?:for|of) me to\b(?! (?:know|see|tell (?:if|whether)|verify|check|access|say|determine|be sure|confirm|find|guess right))"
                r"| (?:inappropriate|unethical|irresponsible|wrong|impossible|improper|illegal|inadvisable|unlawful|unsafe|reckless|dishonest|harmful)(?:,? (?:or|and) \w+)* (?:for|of) me to\b(?! (?:know|see|tell (?:if|whether)|verify|check|access|say|determine|be sure|confirm|find|guess right))"
            ),
        ),
        (
            "appropriate inappropriate",
            r" it(?:'s| is| would be| wouldn't be| isn't) (?:(?:also|neither|generally|simply|both|not|never) ){0,2}(?:in)?appropriate(?: (?:or|and|nor) \w+){0,2} to (?:provid|generat|creat|produc|disclos|discuss|engag|answer|assist|offer|write)\w* (?!.*\bhere (?:is|are)\b)",
        ),
        (
            "ethical unethical",
            r" it(?:'s| is| would be| isn't) (?:(?:also|neither|not|never|generally) ){0,2}(?:un)?ethical(?: (?:or|and|nor) \w+){0,2} to (?:provid|generat|creat|produc|disclos|discuss|engag|answer|assist|offer)",
        ),
        ("me", r" (?:prevent|prohibit|forbid|bar|stop|keep|restrict|preclude|block)(?:s|ed|ing)? me from"),
        (
            "me",
            r"(?:n't|not|never) (?:allow|permit|let|enable|authori[sz]e)(?:ed)? me to|(?<!you )(?<!you've )ask(?:ed|s|ing)? me not to|instruct(?:ed|s)? (?:me )?not to|require[sd]? me to (?:decline|refuse)|tells? me not to",
        ),
        (
            "against",
            rf"(?:goes|go|is|are|would be|would go|going|runs?) against (?:{_MINE} (?:\w+ ){{0,3}}{_RULES}|my \w+|what i)",
        ),
        (
            "violates violate violating",
            rf" (?:this|that|it|your (?:request|message|question|prompt)|the request|what you(?:'re| are) asking(?: for)?|doing so|which|and)(?: (?:would|may|might|will|could|directly|also|clearly))* violat(?:es|e|ing) (?:my|our|openai's|anthropic's|the|content|usage|platform) (?:\w+ ){{0,3}}{_RULES}",
        ),
        (
            "my",
            (
                rf" my (?:\w+ ){{0,3}}{_RULES} (?:here )?(?:\w+ )?(?:don't|do not|doesn't|does not|won't|forbids?|prohibits?|prevents?|bars?|rules? out|disallows?|limits? me|restricts? me|exclude|say no)"
                r"| my (?:\w+ )?(?:role|job|purpose|scope|remit|function|focus|knowledge|expertise|work|task) (?:here )?(?:is|covers|stops|ends|extends)(?: \w+){0,2} (?:only|limited|strictly|restricted|confined|solely|exclusively)"
                r"| (?:not|n't|isn't|falls? outside|outside|beyond|outwith) (?:part of |within |in |of )?my (?:\w+ ){0,3}?(?:programming|role|job|remit|area|scope|purview|lane|domain|capacity|wheelhouse|brief|mandate|authority|duties|expertise|abilities|capabilities|limits|guidelines|permissions?|responsibilit)"
            ),
        ),
        (
            "scope",
            r"(?:outside|beyond|out of|not (?:with)?in|exceeds?)(?: of)? (?:my |the )?scope(?: of (?:what (?:i|we)|my|this (?:\w+ )?(?:assistant|chat|chatbot|bot|helpdesk)|the (?:\w+ )?(?:assistant|bot)|support (?:i|we)|topics i)| for (?:me|this (?:\w+ )?(?:assistant|bot|chat|chatbot)))|beyond my scope|outside my scope",
        ),
        (
            "what",
            (
                r"(?:outside|beyond|not|isn't|falls outside|exceeds)(?: of)? what (?:i|we)(?:'m|'re)? (?:can|am|are|do|cover|handle|help|offer|able|allowed|here|set up|designed|support|was|were)"
                r"| not what i(?:'m| am| was) (?:here|designed|built|meant|set up|made|for)"
            ),
        ),
        ("what", rf"(?:outside|beyond)(?: of)? what this (?:\w+ )?{_SERVICE} (?:can|is|does|covers|handles)"),
        (
            "only just solely exclusively strictly",
            (
                r" (?:i|we)(?:'m|'re|'ll| can| am| are| will)? (?:only|just|solely|exclusively|strictly)(?: able| allowed| here| permitted| authori[sz]ed| set up| designed| meant| trained| built| configured| equipped)?(?: to)? (?:(?:trained|here|set up|built|designed|meant) (?:on|for) (?!data|text|information|a mix|public)|answer|help (?!if|when|once)|assist|handle|support|discuss|cover|deal|talk|respond|speak|take questions|take requests|address|chat|advise)(?!\w* (?:you )?(?:if|when|once|after))"
                r"| i(?:'m| am| can) only (?:able |allowed |permitted )?to (?:answer|help|assist|discuss|talk)"
                r"| i(?:'m| am| was) (?:set up|designed|built|configured|programmed|meant|made|trained|here|limited|restricted|intended|allowed|authori[sz]ed) only (?:to|for|with)"
                rf"| (?:this|the|our) (?:\w+ )?{_SERVICE} (?:can |will |is |does |may )?(?:only|exclusively|solely|just) (?:able to |allowed to |meant to |here to |for |designed to |intended to )?(?:answer|handle|help|assist|discuss|respond|cover|deal|talk|questions)"
                rf"| (?:this|the|our) (?:\w+ )?{_SERVICE} is (?:meant|here|designed|intended|set up) only (?:for|to)"
            ),
        ),
        (
            "limited restricted confined",
            rf" i(?:'m| am) (?:strictly )?(?:limited|restricted|confined) to (?!data|a |information up|the (?:data|information))| (?:this|the|our) (?:\w+ )?{_SERVICE} is (?:limited|restricted) to",
        ),
        (
            "specifically",
            r" i(?:'m| am) (?:here |designed |built |configured |set up |an? [a-z -]{1,40} (?:here |designed |built ))?specifically (?:to help|for|to assist|to answer)[^.]{0,80}(?:, so|; | and (?:can't|cannot))",
        ),
        (
            "request question query prompt",
            r" (?:request|question|query|prompt) (?:can't|cannot|can not|won't|will not) be (?:fulfilled|completed|honou?red|answered|granted|accommodated|carried)",
        ),
        (
            "request",
            r"(?:[.!:]) (?:this |your |the |that )?request (?:is |was |has been )?(?:declined|denied|refused|rejected)[.!:;,]|request (?:has been |is |was )(?:declined|refused|blocked) (?:because|for|due|by (?:my|our) )",
        ),
        ("limits", r"(?:that|this|it|topic|which)(?:'s| is)? (?:\w+ )?off-limits (?:for me|to me)"),
        (
            "prohibit prohibits prohibited",
            r"(?:i(?:'m| am)|guidelines|polic(?:y|ies)|which|programming) (?:\w+ )?(?:explicitly |strictly )?prohibit(?:s|ed)? (?:me|the creation of|the generation of|providing|generating)",
        ),
        ("condone", r" i (?:do not|don't|can't|cannot) (?:support or |promote or |encourage or )?condone"),
        ("one", r" not one (?:i|that i)(?:'ll|'m| can| will)"),
        (
            "leave",
            r" (?:let's|i'll|i will|i'd rather|i have to) leave th(?:is|at) (?:topic |one |subject |question )?(?:there|alone|aside|here|out)",
        ),
        ("nope", r"\A. nope[.,!;:-]"),
        ("mine", r" (?:isn't|not) (?:mine to (?:hand|share|give|tell))"),
        ("nothing", r" nothing i can (?:do|help)"),
    ),
    tasks=(
        "help- assist- aid provid- giv- offer- shar- discuss- generat- creat- writ- produc- support- recommend- endors- condon- promot- "
        "encourag- facilitat- engag- participat- comply complying fulfil- answer- respond- reply replying comment- continu- process- perform- "
        "carry advis- advocat- tell telling reveal- disclos- divulg- show- explain- teach- guid- instruct- describ- translat- summari- list listing suggest- "
        "compil- draft- compos- role-play- roleplay- pretend- act acting impersonat- play playing take taking go going be being entertain- address- "
        "handl- chang- modif- issu- refund- cancel- book booking approv- authori- grant- waiv- releas- transfer- delet- send- order ordering speculat- "
        "rank- judg- identif- contribut- includ- choos- reset- mimic- satisf- name naming suppl- walk weigh- honor- honour- accommodat- proceed- present publish- print- repeat- quot- copy "
        "reproduc- recreat- rewrit- edit- paraphras- simulat- fabricat- invent- spread- lend- bypass- hack- break- circumvent- disabl- "
        "overrid- ignor- track- prescrib- diagnos- interpret- cover- deal arrang- schedul- remov- replac- insult- mock- curs- swear- make making do "
        "doing push- merg- deploy- commit- plan- design- develop- build- evaluat- solv- finish- complet- obey- follow- adopt- hand handing pass "
        "touch- get getting talk- outlin- detail- plagiari- forg- pull- look design- work- allow- enabl- let speak- weigh- conduct- collect- match- "
    ),
    between=(
        "-ly about access and or will not be in good conscience faith just even you able to really also any way under circumstances any i'm i as an ai "
        "either nor won t for to further with willing allowed permitted comfortable consent agree"
    ),
    idioms=(
        r" (?:[a-z]+ly )?(?:help (?:but|feeling|thinking|wondering|noticing|myself|it\b|the way|laughing|smiling|falling|loving|being)"
        r"|(?:recommend|stress|emphasi[sz]e|praise|thank|say|overstate|repeat|explain|express|tell you|describe)\b[^.]{0,60} (?:enough|how (?:much|happy|proud|glad|sorry|excited|grateful|often|many|good|beautiful))"
        r"|make (?:it\b|sense|out|assumptions|any (?:assumption|promise)|promises|sure|a (?:definitive|judge?ment))|advocate for any|repeat (?:the|what|all|every|myself)\b|take (?:a|any) (?:\w+ )?(?:stance|position)s?|judge(?:[.!,]| you\b)|tell you how \w+ (?:i|it|we|he|she|they)\b|reproduc\w+ (?:it|this|that)\b(?! (?:song|text|chapter|article|image|logo|content|material|work|poem|book))|physically|take (?:it|my|credit|the credit|full credit|any credit|for granted|much|long)"
        r"|go (?:back|into (?:too |the |every |much |full )?(?:much )?(?:detail|depth)|wrong|a day|on like|home|there again|to (?:the )?(?:\w+ )?(?:party|meeting|event|gym|bed|sleep|work|school))"
        r"|be (?:(?:happier|more|prouder|sure|certain|there|too|a (?:better|bad|big|good)|100|the (?:same|only)|any|late|able to (?:see|access|open|view|find|verify|confirm|attend|make it|join)|in|at|back|home)\b|able to physically)"
        r"|get (?:over|enough|past|it out|used|my|the (?:file|page|site|link)|to)|do (?:(?:much|anything|a lot) about|without|enough|much (?:better|worse)|math\b|better|more than|anything about it now)|let (?:go|you go|it|him|her|them|down|this opportunity)"
        r"|work (?:out (?:what|how|why|which)|with (?:an? |the )?(?:empty|missing|corrupt|blank)|on (?:mon|tues|wednes|thurs|fri|satur|sun)day)|pass (?:up|the test)|break (?:it|this|down) (?:down|any)"
        r"|look (?:away|back|at (?:him|her|it|that))|talk right now|speak (?:for (?:everyone|all|others)|french|to)|follow (?:you|what you|the (?:logic|question|reasoning|argument))|act (?:like|as if|surprised|as though)"
        r"|show up|play (?:the (?:guitar|piano|violin)|tonight)|tell (?:you )?(?:the (?:outcome|result|winner|future)|exactly|when|if|whether|which|from|who|what (?:it|this|the)|the difference|apart|for sure)|answer (?:for|that from) (?:you|him|her|them|the)"
        r"|identify (?:the|any|a) (?:\w+ )?(?:error|problem|issue|bug|file|cause|song|source|reason|typos?|mistakes?)|(?:reproduc|replicat|recreat)\w* (?:the|this|that|your) (?:\w+ )?(?:bug|issue|error|problem|crash|behaviou?r|failure|exception)"
        r"|answer (?:that|this) (?:\w+ )?from the|plan |develop(?:ed)? (?:feelings|a)|show any)"
    ),
    harmless={
        " yet": r" yet\b",
        "brevity": r"for brevity",
        "here": r"(?:covered|shown|included|discussed) here",
        "without": r"without (?:more|further|additional|knowing|seeing|the (?:file|files|code|text|full|error|context|document|log|logs|data|image|attachment)|access|any (?:context|more|additional|further)|context|you sharing|a (?:copy|link|file))",
        "until": r"until (?:you|i)(?:'ve| have)? (?:tell|told|share|paste|provide|upload|know|see|have|saw|hear|get|pasted|sent|send|read)",
        "unless": r"unless (?:you|i) (?:tell|share|paste|provide|give|upload|attach|know|see|have|can see|send)",
        "if you": r"if you don't (?:share|tell|paste|provide|upload)",
        "time": r"real-?time|current time",
        "-to-": r"up-to-date",
        "live ": r"live (?:data|weather|prices?|scores?|traffic|results)",
        "current ": r"current (?:weather|prices?|news|stock)",
        " i don't": r"(?:because|as|since|and) i don't (?:have|see|access)\b",
        " i do not": r"(?:because|as|since|and) i do not (?:have|see|access)\b",
        " i can": r"(?:because|as|since|and) i can(?:'t|not) (?:see|access)\b",
        " i have no": r"(?:because|as|since|and) i have no access",
        "single ": r"single (?:answer|figure|number|date|cause)",
        "straight ": r"straight answer",
        "precise ": r"precise (?:answer|figure|number|date|estimate|count)",
        "definitive ": r"definitive (?:answer|figure|number|date|estimate|conclusion|diagnosis|verdict|yes)",
        "conclusive ": r"conclusive (?:answer|verdict)",
        "declin": r"declin\w+ (?:your|the|this|an?) (?:\w+ )?(?:invitation|offer|position|proposal|job|role|meeting|invite)",
        "the future": r"(?:predict|foresee) the future",
        "assumptions": r"assumptions about",
        "have ": r"(?:don't|do not) have (?:\w+ )?(?:personal|opinions?|beliefs|feelings|access|emotions|enough)",
        "hold ": r"(?:don't|do not) hold (?:\w+ )?(?:personal|opinions?|beliefs)",
        "possess ": r"(?:don't|do not) possess (?:\w+ )?(?:personal|opinions?|beliefs|feelings|emotions)",
        "from the ": r"from the (?:document|text|context|passage|data|excerpt|sources)",
        "provided ": r"provided (?:context|documents?|text|sources)",
        "given ": r"given (?:context|documents?|text|sources)",
    },
    modest={
        " advice": r"(?:legal|medical|financial|tax|investment|professional|personali[sz]ed|specific|health|dosing) (?:or \w+ )?(?:\w+ )?advice",
        " exact ": r"exact (?:number|figure|date|amount|time|answer)",
    }
    | {
        literal: literal
        for literal in (
            " stance",
            " sides ",
            "directly",
            "opinion",
            "diagnos",
            "prescri",
            "predict",
            "guarante",
            "certain",
            "assum",
            "specific answer",
            "judgment",
            "judgement",
            "promote or criticize",
        )
    },
    answers={
        literal: rf"(?:{literal}),? (?!i |if |please|you should|feel|let |we |happy|would|a (?:doctor|lawyer|pharmacist|professional|qualified|licensed)|your (?:doctor|pharmacist)|it's (?:important|best|crucial)|it is (?:important|best|crucial))"
        rf"|(?:{literal}),? i can (?:tell|say|give you|explain|share|provide you with (?:some|a)|offer (?:some|a)|provide (?:some|a)|describe|outline|point|summari|help you understand)"
        for literal in (" however", " but", " that said", " still", " though", " nevertheless")
    }
    | {
        "here": r"here (?:is|are) (?!some (?:resources|alternatives))|here's",
        "general": r"generally speaking|in general,",
    },
    delivers={
        literal: rf"{literal},? (?:here(?:'s| is| are)|below (?:is|are)) (?!(?:some|a few|several|other|two|three) (?:\w+ )*(?:resources|alternatives|alternative|options|legal|safe|safer|legitimate|ethical|suggestions|ways|tips|things|ideas|steps)|a (?:safe|safer|legal|legitimate|number for|helpline)|other|how (?:you can (?:legally|safely)))"
        rf"|{literal},? (?:the (?:short )?answer (?:is|to)|in short|roughly|approximately|yes[,:])"
        for literal in (" but", " however", " that said", " though", " instead", " still")
    }
    | {
        ":": r"(?:poem|lyrics|song|verse|story|script|dialogue|scene|joke|haiku|headline|caption|tweet|letter|e-?mail|monologue)(?: \w+)?:|(?:translation|translated|translates|in (?:french|german|spanish|english|dutch|italian|portuguese|japanese|korean|chinese)|how about|(?:you could|you can|you might|try) (?:write|say|saying|reply|replying|respond|responding|this)|draft|version|example|template|reply|output|result|summary|rewrite|rewritten|corrected):",
    },
    begins=r" (?:(?:sure|certainly|of course|absolutely|yes|great|done|happy to)[,!.:;-]|(?:here(?:'s| is| are)|below (?:is|are)|the following)\b)",
)
