"""French: "ne … pas" around the verb, which may be the modal's or the task's own."""

from ddllm.quality.grammar import Grammar

_SERVICE = r"(?:assistant|chatbot|bot|service|canal|chat)"

GRAMMAR = Grammar(
    heads=(
        ("je", r" je n(?:e |')(?=[^.!?]{0,70}?\b(?:pas|point|aucune?|ni|rien|plus)\b)"),
        ("peux", r"(?:[.!:,]) (?:désolée?,? )?(?:ne peux|peux) (?=pas )"),
        (
            "impossible impossibilité",
            r" (?:il m'est|je suis dans l'impossibilité|cela m'est|m'est)(?: \w+)? ?(?:impossible )?d[e']",
        ),
        (
            "m",
            r" (?:il |ce |cela )?(?:ne )?m'est (?:\w+ )?(?:pas (?:possible|permis|autorisé)|interdit|impossible) d[e']",
        ),
        ("incapable", r" je suis (?:\w+ )?incapable d[e']"),
        ("préfère préférerais", r" je préfère(?:rais)? ne pas\b"),
        ("nous", r" nous ne (?:pouvons|sommes)(?: \w+){0,2}? pas\b(?=[^.!?]{0,40}(?:aider|répondre|assister))"),
        ("assistant", r"assistant (?:\w+ )?ne (?:peut|fournit|traite|répond)(?: \w+){0,2}? (?=pas )"),
        ("abstiendrai abstiens abstenir", r" m'abst(?:iendrai|iens|enir) d[e']"),
    ),
    declines=(
        (
            "refuse refuserai refuser",
            r" je (?:\w+ )?(?:refuse|refuserai)\b| je (?:dois|vais|me vois|suis (?:contraint|obligé|tenu)e?|me dois)(?: [\w']+){0,4}? refuser",
        ),
        (
            "décline déclinerai décliner",
            r" je (?:décline|déclinerai)\b| je (?:dois|vais|me vois|préfère|suis (?:contraint|obligé|tenu)e?|me dois)(?: [\w']+){0,5}? décliner",
        ),
        ("tour", r"passer mon tour"),
        ("abstiens abstiendrai abstenir", r" je (?:m'abstien|m'abstiendrai|dois m'abstenir|préfère m'abstenir)"),
        (
            "mes mon ma",
            r"(?:hors|dépasse|sort|dehors|contraire|contre|enfreint|viole|va à l'encontre|partie)(?: (?:de|à|du|le cadre de|aux?))? (?:mes|mon|ma) (?:\w+ ){0,2}?(?:compétences?|domaine|périmètre|rôle|champ|fonctions?|directives|règles|principes|consignes|politiques?|attributions|missions?|programmation|valeurs|capacités)"
            r"| mes (?:\w+ )?(?:directives|règles|consignes|principes|instructions|politiques)(?: \w+)? (?:ne me|m'interdisent|m'empêchent|n'autorisent|ne permettent|interdisent|me (?:défendent|l'interdisent))",
        ),
        ("empêche empêchent", r" (?:qui )?m'empêche(?:nt)? d[e']"),
        ("interdit interdisent", r" (?:qui )?m'interdi(?:t|sent) d[e']"),
        (
            "seulement",
            rf" je (?:réponds|suis|peux|traite)(?: [\w']+){{0,4}}? (?:seulement|uniquement)|{_SERVICE} (?:\w+ ){{0,2}}?seulement",
        ),
        (
            "uniquement",
            rf" je (?:réponds|suis|peux|traite|m'occupe)(?: [\w']+){{0,4}}? uniquement|{_SERVICE} (?:\w+ ){{0,3}}?uniquement",
        ),
        (
            "exclusivement",
            rf" je (?:réponds|suis|peux|traite|m'occupe)(?: [\w']+){{0,4}}? exclusivement|{_SERVICE} (?:\w+ ){{0,3}}?exclusivement",
        ),
        (
            "que qu aux",
            r" je ne (?:réponds|peux(?: vous| t')?(?: ?(?:répondre|aider|traiter|parler|renseigner))?|traite|m'occupe)(?: \w+){0,2} qu(?:e|'aux?)\b",
        ),
        (
            "qu",
            r" je ne (?:réponds|peux(?: vous| t')? ?(?:répondre|aider|traiter|parler|renseigner)|traite|suis habilité)(?: \w+){0,2} qu'",
        ),
        (
            "demande",
            r"(?:[.!:]) (?:cette |votre |ta )?demande (?:est |a été )?(?:refusée|rejetée)|demande (?:enfreint|viole|va à l'encontre|contrevient|sort du cadre|dépasse)| ne (?:peut|pourra) (?:pas )?(?:donner suite|être traitée)",
        ),
        ("très", r"très peu pour moi"),
        (
            "approprié inapproprié éthique",
            r" (?:il|ce) (?:n'est pas|serait in|ne serait pas|est in)\s?(?:approprié|éthique)(?: (?:ou|et|ni) \w+)? (?:pour moi )?d[e'] ?(?:fournir|donner|partager|créer|rédiger|générer|discuter)",
        ),
        (
            "part",
            r" serait (?:\w+ )?(?:inapproprié|contraire|irresponsable|malhonnête|incorrect|déplacé)(?: [\w']+)? de ma part",
        ),
        ("chose", r"(?:n'est|est) pas quelque chose que je (?:peux|puisse|fais|ferai|veux)"),
    ),
    tasks=(
        "aid- assist- fourni- donn- offr- partag- cré- créer rédig- écri- génér- produi- discut- répond- réponse satisfai- divulgu- révél- communiqu- particip- encourag- "
        "soutenir soutiens promouvoir faire fais ferai traduir- expliqu- recommand- conseill- proposer propos- accéder à trait- effectu- réalis- exécut- procéd- montr- enseign- guid- "
        "décri- résum- continu- poursui- accompagn- appuy- engag- suggér- spécul- commenter coopér- collabor- donner fabriqu- dévoil- transmett- indiqu- apport- "
        "renseign- dire prononc- prendre rembours- annul- modifi- imit- incarn- diffus- contourn- pirat- inciter approuv- tolér- élabor- dispens- juger suite calomni- dénigr-"
    ),
    between=(
        "pas rien sens l'aise peux puis pourrai pourrais saurais dois devrais veux vais souhaite compte suis en mesure autorisé autorisée habilité habilitée conçu conçue programmé programmée capable disposé disposée censé "
        "aux à au l d de pour vous te t lui leur le la les me m y donc malheureusement pas ni point plus non aise plutôt directement toutefois cependant hélas simplement légalement être moralement éthiquement qualifié qualifiée "
        "prêt prête permettre ici tenu là toujours hélas, vraiment bien tout simplement non plus personnellement ni ne éthique aucun aucune"
    ),
    harmless=(
        r"\bsans (?:le|la|les|plus|davantage|voir|connaître|savoir|accès|contexte|autres?) (?!autorisation|consentement|permission|l'autorisation)|temps réel|pas accès|accès à (?:internet|vos|votre|ce)|\btant que (?:je|vous|tu) n|(?:assez|suffisamment|trop) (?:recommander|conseiller|insister|remercier|vous)|(?:recommander|conseiller|insister|remercier|dire) (?:assez|suffisamment|trop|combien|à quel)|"
        r"prédire l'avenir|(?:dire|répondre) (?:si|avec certitude|précisément|quand|qui)\b|n'est pas seulement|pas seulement|faire (?:autrement|confiance)|faire fonctionner|m'empêcher|réponse (?:définitive|précise|exacte|unique)|invitation|(?:le|ce|votre) fichier|donner (?:tort|raison)|(?:informations|données) (?:actuelles|à jour)"
    ),
    modest=r"conseils? (?:juridiques?|médica|fisca|financi|d'ordre)|avis (?:médical|juridique)|opinion|diagnosti|garanti|directement|personnel|conseil personnalisé|consultation|précis",
    answers={
        "voici": r"voici",
        "général": r"en (?:règle )?général,|de manière générale|(?:informations|réponse|éléments) (?:ci-dessous|suivant|général)|à titre général|généralement,",
        "ci-dessous": r"ci-dessous",
        "suivant": r"(?:les|la|le) (?:\w+ )?suivante?s?",
        "mais ": r", mais (?!je |si |n'hésitez|vous (?:pouvez|devriez) (?:consulter|contacter|vous)|consultez|contactez|il est)",
        "cependant": r"cependant,? (?:voici|en général|on|la|le|les|certain|plusieurs)|cependant,? je peux (?:vous |te |t')?(?:donner|fournir|expliquer|présenter|proposer|dire)",
        "toutefois": r"toutefois,? (?:voici|en général|on|la|le|les|certain|plusieurs)|toutefois,? je peux (?:vous |te |t')?(?:donner|fournir|expliquer|présenter|proposer|dire)",
    },
    delivers={
        "voici": r"(?:mais|cependant|toutefois|en revanche|néanmoins|par contre),? voici (?!(?:quelques|des|d'autres) (?:\w+ )?(?:alternatives|ressources|pistes|conseils|suggestions|options|idées|moyens))",
        ":": r"(?:traduction|en (?:français|anglais|allemand|espagnol)|proposition|exemple|réponse|modèle|résumé|brouillon|version) ?:",
    },
    begins=r" (?:(?:oui|bien sûr|certainement|avec plaisir|d'accord|volontiers|absolument)[,!.: ]|voici|ci-dessous)",
)
