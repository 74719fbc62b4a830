"""Two invented courses for the agreement check: title, summary and transcript of each lesson."""

LESSONS = {
    "bread": [
        (
            "Feeding a sourdough starter",
            "Flour, water and patience: a jar that rises twice a day.",
            (
                "Take a clean jar. Today we feed the starter with rye flour and warm water. Stir it, "
                "mark the level with a rubber band, and wait until the starter has doubled and smells "
                "like yoghurt. Feed it morning and evening for five days, and always throw half of it "
                "away before a feeding."
            ),
        ),
        (
            "Kneading by hand",
            "Stretch, fold and rest until the dough is smooth.",
            (
                "Put the dough on the table and push it away with the heel of your hand, fold it, "
                "turn it. After ten minutes of kneading pull a small piece apart: when you see a thin "
                "window, the gluten is ready. Do not add more flour, wet hands are enough. Then let "
                "the dough rest under a bowl."
            ),
        ),
        (
            "Shaping a round loaf",
            "Tension on the surface, a basket and a cold night.",
            (
                "We shape now. Draw the edges to the middle, turn the ball over and drag it towards "
                "you, so that the surface tightens. Dust the basket with rice flour, lay the loaf in "
                "it with the seam up, and put the basket into the fridge for the night. A slack loaf "
                "is shaped a second time."
            ),
        ),
        (
            "Steam and the oven",
            "How a hot pot and steam give a crust that crackles.",
            (
                "Heat the oven with the iron pot in it for a whole hour. Score the crust with a "
                "blade, slide the bread into the pot and close the lid: the steam stays inside. After "
                "twenty minutes take off the lid and bake until the crust is dark. Listen: it "
                "crackles while it cools on the rack."
            ),
        ),
    ],
    "guitar": [
        (
            "Как настроить гитару",
            "Шесть струн, колки и тюнер.",
            (
                "Сегодня настраиваем гитару. Начинаем с шестой струны: дёргаем её и медленно крутим "
                "колок, пока тюнер не покажет ноту ми. Если струна звучит выше, сначала отпускаем её "
                "ниже, потом тянем. Так проходим все шесть струн, а потом проверяем первую ещё раз: "
                "новые струны тянутся."
            ),
        ),
        (
            "Первые аккорды",
            "Ля минор и ми мажор: пальцы левой руки на ладах.",
            (
                "Ставим пальцы на лады. Ля минор: указательный на второй струне, средний и безымянный "
                "рядом. Прижимаем у самого порожка, большой палец сзади на грифе. Теперь аккорд ми "
                "мажор, та же фигура на струну выше. Меняем один аккорд на другой медленно, без "
                "ритма, двадцать раз подряд."
            ),
        ),
        (
            "Бой и ритм",
            "Правая рука, метроном и счёт вслух.",
            (
                "Теперь правая рука. Включаем метроном на шестьдесят ударов и считаем вслух: раз, "
                "два, три, четыре. Вниз на каждый удар, потом вниз и вверх. Кисть свободная, как "
                "будто стряхиваем воду. Если ритм сбивается, замедляем метроном, а не руку. Бой "
                "шестёрка: вниз, вниз, вверх."
            ),
        ),
        (
            "Перебор пальцами",
            "Большой палец ведёт бас, остальные играют мелодию.",
            (
                "Откладываем медиатор. Большой палец отвечает за бас, указательный, средний и "
                "безымянный каждый за свою тонкую струну. Играем перебор: бас, третья, вторая, первая "
                "и обратно. Ногти не нужны, подушечка звучит мягче. Мелодию ведёт безымянный, пусть "
                "она будет чуть громче баса."
            ),
        ),
    ],
}
