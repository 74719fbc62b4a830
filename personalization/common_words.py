"""Words that people use and that are names as well, or a case of a name: “болят кости” is not about Костя.

In small letters, with е for ё. A name that is seldom anything else is left out:
with every answer in small letters it would leave.
"""

_WORDS = """
вера надежда любовь слава роман лев роза лилия марк карп мир мира рада рома света поля тома люба мила лира
муза нора лада злата искра заря весна вика ада рая тая май август августа гуля ирис жасмин агат рим милан воля
сила добро стелла мороз волк заяц сокол орел ворон ворона воробей соловей журавль голубь гусь козел кот жук
муха рыба щука сом лиса медведь бык коза баран кузнец мельник швец гончар холод голова борода рука нога шея
король князь дуб береза калина малина верба роса зима лето осень снег буря гроза ветер туман месяц звезда хлеб
каша сорока мужик старик молоток топор лапа хвост кости костей лени тема темы теме тему колю коли коле даны
дано том тому томе пол пола полу полом лука лук луком вали валю вал вены вене толи тони сони вари паши пашу
маши машу кати катю мити гены таю таем боре борю тины тина рана раны ране рану ник ники юна юны сени
степи степей вити лень лен пети тона тоне тон тоном дон рам рама рамы ток так сон нам хан пан пак цой шин
тен юг дар дары майка майке зорька рай раю раем горе гор гриф луч корней корни корню филин филина тиха ели ель
вит мали галка галки чайка кроха спина зуб боль плечо глаз ухо нос губа лоб рот язык живот пуп бедро колено
локоть палец ноготь кулак пятка пята стопа ступня череп мозг сердце печень почка легкое кровь кожа жир мышца
сустав хребет ребро грудь бок зад затылок висок щека бровь усы ус волос волосы коса шрам синяк мозоль кость
тело поясница кишка жила горло покой отдых голод жажда кашель насморк жар пот слеза смех храп вздох слабость
старость молодость бодрость радость печаль грусть тоска скука страх гнев злость удача беда счастье война
победа труд работа дело правда кривда доля суп борщ сахар соль перец мед молоко сыр масло сало мясо рис горох
боб фасоль капуста редька репа морковь свекла чеснок огурец арбуз дыня груша яблоко слива вишня смородина
ягода орех гриб мак ромашка цветок трава лист корень дерево клен тополь сосна пихта вода река море озеро
болото берег гора камень песок поле лес роща сад город село дом хата окно дверь порог печь стол стул лавка
полка нож ложка чашка кружка горшок ведро бочка колесо телега воз сани плуг гвоздь игла нитка пуговица шапка
шуба сапог рубаха пояс мост путь дорога тропа удар бег шаг прыжок вес рост слово песня сказка пара сотня час
год век ночь день утро вечер среда суббота пятница гром дождь лед огонь бобер барсук кабан лось олень хорек
крот еж белка мышь крыса собака пес кошка корова теленок конь лошадь осел овца свинья петух курица утка индюк
сова сыч дятел грач кулик синица снегирь чиж ласточка карась окунь ерш линь лещ судак рак паук комар муравей
пчела шмель оса пекарь повар столяр плотник маляр портной сапожник пастух рыбак охотник солдат генерал капитан
казак поп дьяк монах врач доктор лекарь учитель писарь судья староста хозяин гость сосед друг брат сват дед
баба бабушка дитя сирота вдова мама папа сын дочь мужчина девка парень малый черныш беляк худоба толстяк левша
горбун немой
will mark grace joy hope faith may june april august rose lily daisy ivy iris olive violet hazel amber ruby
pearl opal jade summer autumn winter dawn eve skip rich art bill bob chuck drew frank gene grant guy jay lance
miles pat rod rusty sandy sky sunny star stew wade ward warren bishop baker cook young long short brown white
black green gray grey king knight page price stone wood woods field fields hill lake rivers banks bush berry
bell ball carter mason miller smith taylor walker turner fisher hunter archer porter potter weaver fox wolf
bird swan love best good strong wise moody savage small little day days week snow frost rain storm gold silver
gift mercy patience prudence felicity serenity harmony melody charity verity honor sage basil rosemary ginger
angel dean earl duke chase dale heath cliff forest rock sterling penny bunny kitty honey major max nick jack
jill dick jean hank harry josh kit norm reed sally tab ted tim trip van vic woody brook buck cash cat clay
cole colt crystal destiny diamond dot ebony essence fern flora ford gale glen happy haven heather hunt ivory
jet jordan journey jude justice lane laurel lee liberty link luna marina parker peace pepper phoenix piper
poppy prince queen raven river robin royal sailor scarlet scout story tiger treasure trinity true victor
willow wren ray rob sue tom con ernest earnest constant christian german norman french english scott welsh
irish bond cross foot head hand hands legg leg back beard neck hart knee body heal heel rest power strength
wall walls house church hall mill mills pool waters water sand sands marsh moor moss rush sharp swift thin
tall new noble gentle law laws lord loud main many mean means more moon sun nice pain peck person pike pond
pride proud read ring root sadler salt school self shore singer skin sleep speed spring steel still stock
street summers sweet train tree wait walk wash way wells well west east north south wild work works worth yard
you she dung hung song sing can man men fan pan tong bang bin wing min any dream see so do my an he lovely
bliss chance chief coach cool cope crane drake dyer eager early fine fair fit flower free freed game garden
glass hurt just keen kind last light line low lucky mind noon open pace pack park past pink plant play poor
post pot pure quick race ready right rise sleepy slow smart smile soul sound spear sure teach tear time top
touch town trust tune vine voice war weak weeks wide wonder word
"""
WORDS = frozenset(_WORDS.split())
